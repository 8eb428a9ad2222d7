import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)

/**
 * Tests the routes to a pod's packets on the cluster of the kubeconfig's context, of any version, in a namespace of its own that is
 * removed at the end. Needs `kubectl`. The image of the pods must have sh, tcpdump, grep, sleep, nsenter, and wget or curl.
 */
const kubectlProgram = process.env.KCAP_CLUSTER_KUBECTL ?? 'kubectl'
const image = process.env.KCAP_CLUSTER_IMAGE ?? 'docker.io/nicolaka/netshoot:v0.13'
const debugImage = process.env.KCAP_CLUSTER_DEBUG_IMAGE ?? image
/** An image without a shell and without tcpdump. */
const plainImage = process.env.KCAP_CLUSTER_PLAIN_IMAGE ?? 'registry.k8s.io/pause:3.10'
const firstEphemeralMinor = 25
const readyMs = 180_000

const namespace = `kcap-test-${randomBytes(3).toString('hex')}`
let folder: string
let minor: number

async function kubectl(...argv: string[]): Promise<string> {
  return (await run(kubectlProgram, argv, { maxBuffer: 1e8 })).stdout
}

beforeAll(async () => {
  folder = await makeTempFolder()
  minor = Number.parseInt(JSON.parse(await kubectl('version', '-o', 'json')).serverVersion.minor, 10)
  await kubectl('create', 'namespace', namespace)
  await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=privileged')
  await start('plain', plainImage)
  const address = (await kubectl('get', 'pod', 'plain', '-n', namespace, '-o', 'jsonpath={.status.podIP}')).trim()
  // A connection that is refused is traffic at both ends.
  const ask = `wget -q -T 1 -O /dev/null http://${address}:9 2>/dev/null || curl -s -m 1 -o /dev/null http://${address}:9`
  await start('talker', image, ['sh', '-c', `while :; do ${ask}; sleep 0.2; done`])
  await kubectl('expose', 'pod', 'plain', '-n', namespace, '--port', '9')
}, readyMs * 2)
afterAll(async () => {
  await kubectl('delete', 'namespace', namespace, '--wait=false')
})

async function start(name: string, image: string, command: readonly string[] = []): Promise<void> {
  const words = command.length === 0 ? [] : ['--command', '--', ...command]
  const label = ['--labels', `app=${name}`]
  await kubectl(
    'run',
    name,
    '-n',
    namespace,
    '--image',
    image,
    '--image-pull-policy',
    'IfNotPresent',
    ...label,
    ...words,
  )
  await kubectl('wait', '-n', namespace, '--for=condition=Ready', `pod/${name}`, `--timeout=${readyMs / 1000}s`)
}

async function kcap(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const debug = ['--debug-image', debugImage, '--debug-pull-policy', 'IfNotPresent']
  try {
    return { code: 0, ...(await run(process.execPath, [programPath, ...argv, ...debug], { maxBuffer: 1e8 })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

interface Summary {
  readonly packets: number
  readonly sources: readonly { readonly name: string; readonly packets: number }[]
}

/** Three packets of a target, or 30 s. */
async function capture(...argv: string[]): Promise<Summary> {
  const file = path.join(folder, `${randomBytes(4).toString('hex')}.pcapng`)
  const { code, stderr } = await kcap(...argv, '--json', '--count', '3', '--duration', '30', '-o', file)
  expect([code, stderr]).toEqual([0, expect.stringContaining('"event":"summary"')])
  return JSON.parse(stderr.split('\n').find((line) => line.startsWith('{"event":"summary"')) ?? '') as Summary
}

/** Programs that still run in the container that has had captures in it. */
async function listCaptures(pod: string, ...words: string[]): Promise<string[]> {
  const script = 'for f in /proc/[0-9]*/comm; do read -r name <$f; echo $name; done 2>/dev/null'
  const text = await kubectl('exec', '-n', namespace, pod, ...words, '--', 'sh', '-c', script)
  return text.split('\n').filter((name) => /^(tcpdump|tshark|dumpcap)$/.test(name))
}

describe('the packets of a pod arrive', () => {
  test('through exec', async () => {
    expect((await capture(`${namespace}/talker`, '--via', 'exec')).packets).toBe(3)
    expect(await listCaptures('talker')).toEqual([])
  })

  test('through exec, and kill -9 of kcap leaves nothing after half a minute', async () => {
    const child = execFile(process.execPath, [
      programPath,
      `${namespace}/talker`,
      '-q',
      '-o',
      path.join(folder, 'k.pcapng'),
    ])
    await sleep(5_000)
    expect(await listCaptures('talker')).toHaveLength(1)
    child.kill('SIGKILL')
    await sleep(30_000)
    expect(await listCaptures('talker')).toEqual([])
  })

  test('through kubectl', async () => {
    expect((await capture(`${namespace}/talker`, '--via', 'kubectl')).packets).toBe(3)
  })

  test('from an image without tools, through a debug container that a second capture reuses; an old cluster reports that it has none', async () => {
    if (minor < firstEphemeralMinor) {
      const { code, stderr } = await kcap(
        `${namespace}/plain`,
        '--via',
        'ephemeral',
        '-o',
        path.join(folder, 'old.pcapng'),
      )
      expect([code, stderr]).toEqual([6, expect.stringContaining('ephemeral containers')])
      return
    }
    for (let i = 0; i < 2; i++) expect((await capture(`${namespace}/plain`, '--via', 'ephemeral')).packets).toBe(3)
    const names = await kubectl(
      'get',
      'pod',
      'plain',
      '-n',
      namespace,
      '-o',
      'jsonpath={.spec.ephemeralContainers[*].name}',
    )
    expect(names.trim().split(' ')).toHaveLength(1)
    expect(await listCaptures('plain', '-c', names.trim())).toEqual([])
  })

  test('from an image without tools, through a pod on its node, which kcap deletes', async () => {
    expect((await capture(`${namespace}/plain`, '--via', 'node-pod')).packets).toBe(3)
    const own = await kubectl('get', 'pods', '-n', namespace, '-l', 'app.kubernetes.io/managed-by=kcap', '-o', 'json')
    const { items } = JSON.parse(own) as { items: { metadata: { deletionTimestamp?: string } }[] }
    // One that is going is there for as long as its end may take.
    expect(items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toEqual([])
  })
})

test('kcap captures a service at the pods behind it', async () => {
  const { sources } = await capture('svc/plain', '-n', namespace, '--via', 'node-pod')
  expect(sources.map(({ name }) => name)).toEqual([`${namespace}/plain`])
})

test('kcap captures the node of a pod', async () => {
  const node = await kubectl('get', 'pod', 'talker', '-n', namespace, '-o', 'jsonpath={.spec.nodeName}')
  const words = ['--debug-namespace', namespace, '--filter', 'tcp port 9']
  expect((await capture(`node/${node.trim()}`, '--via', 'node-pod', ...words)).packets).toBe(3)
})

test('kcap doctor reports the routes that the captures used as open', async () => {
  const { code, stdout } = await kcap('doctor', `${namespace}/talker`)
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok exec /m)])
})

test('kcap cleanup finds no leftovers after all captures', async () => {
  const { code, stdout } = await kcap('cleanup', '-n', namespace)
  expect(code).toBe(0)
  // Debug containers that have ended stay in a pod's spec; kcap cleanup reports them and does not remove them.
  expect(stdout.split('\n').filter((line) => /^(removed|stopped)/.test(line))).toEqual([])
})
