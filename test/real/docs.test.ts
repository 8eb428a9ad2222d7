import { execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, hasLab, kubectl, lab, realTest } from './lab.ts'

const run = promisify(execFile)

/** Each command of README and docs, as it stands there: by SSH on the lab, all else on the demo cluster. */
const files = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const commands = files.flatMap((file) =>
  blocksOf(file, 'sh').flatMap((block) =>
    block
      .split('\n')
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ file, line })),
  ),
)

/** Commands that another test or CI runs. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm ci && npx kcap demo -o demo.pcapng --force': '.ci/run',
  'npm ci && npm test': '.ci/run',
  'kcap record start svc/orders -n prod --yes': 'test/real/record.test.ts',
  'npm i -g kcap': 'test/packaging/npm-package.test.ts',
  'sh install.sh --from kcap-0.1.0-linux-x64.tar.gz': 'test/real/installers.test.ts',
  'sudo dpkg -i kcap_0.1.0_amd64.deb': 'test/real/installers.test.ts',
}

function blocksOf(file: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms')
  return [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, text = '']) => text)
}

/**
 * Reports whether a line needs what the demo cluster lacks: hosts, kubectl's own protocol, uploads into containers, and filters that
 * read tags.
 */
const isOnLab = (line: string) =>
  /ssh:\/\/|--ssh-host|--via (ssh|kubectl)|--upload-tcpdump|\bvlan\b|^kcap node\/worker-1$/.test(line)

let folder: string
let environment: NodeJS.ProcessEnv
let demoConfig: string
beforeAll(async () => {
  folder = await makeTempFolder()
  const place = (name: string) => path.join(folder, name)
  mkdirSync(place('bin'))
  for (const name of ['kcap', 'kcap-extcap'])
    writeFileSync(place(`bin/${name}`), `#!/bin/sh\nexec '${process.execPath}' '${programPath}' "$@"\n`, {
      mode: 0o755,
    })
  // Takes what it is given, as a window would, and shows it to nobody.
  const window =
    '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = -i ] && input=$2; shift; done\n[ "$input" = - ] || exec <"$input"\nexec tshark -r - -c 1\n'
  writeFileSync(place('bin/wireshark'), window, { mode: 0o755 })
  symlinkSync(lab.kubectl, place('bin/kubectl'))
  environment = {
    ...process.env,
    HOME: folder,
    PATH: `${place('bin')}:${process.env.PATH}`,
    SSH_AUTH_SOCK: undefined,
    XDG_CONFIG_HOME: undefined,
    XDG_CACHE_HOME: undefined,
    KCAP_DURATION: '3',
    KCAP_COUNT: '20',
  }
  const demo = await openDemoFixture({ packetsPerSecond: 200, startDelayMs: 20 })
  demo.cluster.addPod({ namespace: 'prod', name: 'web-0', labels: { app: 'web', tier: 'api' } })
  demo.cluster.addPod({ namespace: 'staging', name: 'web', labels: { app: 'web', tier: 'api' } })
  demoConfig = await demo.kubeconfig()
  if (hasLab) await prepareLab()
})

/** Pods, a service and hosts by the names that the docs have for them. */
async function prepareLab(): Promise<void> {
  await kubectl('create', 'namespace', 'prod')
  const talk = 'while :; do curl -s -m 1 -o /dev/null http://127.0.0.1:9; sleep 0.2; done'
  for (const pod of ['orders-6c9f', 'web-0']) {
    const words = ['--image', 'lab/tools:1', '--image-pull-policy', 'Never', '--labels', 'app=orders']
    await kubectl('run', pod, '-n', 'prod', ...words, '--command', '--', 'sh', '-c', talk)
  }
  await kubectl('create', 'deployment', 'orders', '-n', 'prod', '--image', 'lab/tools:1')
  await kubectl(
    'patch',
    'deployment',
    'orders',
    '-n',
    'prod',
    '-p',
    JSON.stringify({
      spec: {
        template: { spec: { containers: [{ name: 'tools', imagePullPolicy: 'Never', command: ['sh', '-c', talk] }] } },
      },
    }),
  )
  // The deployment's first pod, from before the patch, never gets ready.
  await kubectl('rollout', 'status', '-n', 'prod', 'deployment/orders', '--timeout=120s')
  const named = ['pod/orders-6c9f', 'pod/web-0']
  await kubectl('wait', '-n', 'prod', '--for=condition=Ready', ...named, '--timeout=120s')
  const node = ['HostName 10.231.0.2', 'Port 2222', 'User root', `IdentityFile ${lab.sshFolder}/id_root`]
  const jump = ['HostName 127.0.0.1', 'Port 2223', 'User jump', `IdentityFile ${lab.sshFolder}/id_jump`]
  const inner = ['HostName 10.231.2.2', 'Port 22', 'User root', `IdentityFile ${lab.sshFolder}/id_root`]
  const trust = ['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'BatchMode yes']
  writeFileSync(
    path.join(folder, 'ssh_config'),
    ['Host bastion', ...jump, 'Host inner', ...inner, 'Host *', ...node, ...trust].join('\n'),
  )
  writeFileSync(path.join(folder, 'config.yaml'), 'nodeSsh: { host: "{node}.example.com", user: root }\n')
  Object.assign(environment, { KCAP_SSH_CONFIG: path.join(folder, 'ssh_config') })
}
afterAll(async () => {
  if (!hasLab) return
  await kubectl('delete', 'namespace', 'prod', '--wait=false')
  await expectNoCaptures()
})

/** Reports whether a line is a capture without an end, which the environment limits. */
const isCapture = (line: string) => !/^kcap (list|doctor|install|uninstall|cleanup|config|completion)\b/.test(line)

/** Runs a line in a shell. */
async function runLine(line: string): Promise<{ code: number | null; said: string }> {
  const own = isOnLab(line)
    ? { KUBECONFIG: lab.kubeconfig, KCAP_CONFIG: path.join(folder, 'config.yaml') }
    : { KUBECONFIG: demoConfig }
  // What a cluster calls its nodes is its own affair; and a person searches for the pod.
  const node = isOnLab(line) ? 'kcap-node' : 'demo-node-1'
  const named = line.replace(/(node\/|--on-node )worker-1/, `$1${node}`)
  const typed =
    named === 'kcap'
      ? `(sleep 3; printf orders-6c9f; sleep 1; printf '\\r'; sleep 5) | script -qec kcap /dev/null`
      : named
  const place = mkdtempSync(path.join(folder, 'line-'))
  copyFileSync('/usr/bin/tcpdump', path.join(place, 'tcpdump'))
  const child = spawn('sh', ['-c', typed], {
    cwd: place,
    env: { ...environment, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let said = ''
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said }
}

describe.each(files)('%s', (file) => {
  const own = commands.filter((command) => command.file === file)

  realTest(
    `all ${own.length} commands do what they say`,
    async () => {
      const failures: string[] = []
      const work = async (queue: string[]) => {
        for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
          const { code, said } = await runLine(line)
          const mayBeSilent = !isCapture(line) || /[|]|--port|--filter/.test(line)
          if (code !== 0 || (!mayBeSilent && said.includes('nothing was captured')))
            failures.push(`${line}\n  ended with ${code}: ${said.slice(-600)}`)
        }
      }
      const lines = own.filter(({ line }) => elsewhere[line] === undefined).map(({ line }) => line)
      const captures = lines.filter(isCapture)
      // What is installed is looked at, then removed.
      await work(lines.filter((line) => !isCapture(line)))
      await Promise.all([work(captures), work(captures), work(captures)])
      expect(failures).toEqual([])
    },
    300_000,
  )
})

realTest('a cluster accepts the Roles in docs/routes.md', async () => {
  for (const yaml of blocksOf('docs/routes.md', 'yaml')) {
    const file = path.join(folder, 'role.yaml')
    writeFileSync(file, yaml)
    const { stdout } = await run(lab.kubectl, ['--kubeconfig', lab.kubeconfig, 'apply', '--dry-run=server', '-f', file])
    expect(stdout).toContain('role.rbac.authorization.k8s.io/')
  }
})

realTest('every documented command that does not run here runs in another test', () => {
  for (const [line, file] of Object.entries(elsewhere))
    expect([line, readFileSync(file, 'utf8').length > 0, commands.some((command) => command.line === line)]).toEqual([
      line,
      true,
      true,
    ])
})
