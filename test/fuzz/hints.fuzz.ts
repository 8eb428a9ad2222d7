import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import yaml from 'js-yaml'
import { expect } from 'vitest'
import { formatHint, type Hint, type HintLine } from '../../src/base/hint.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { PodTarget } from '../../src/base/target.ts'
import { withTargetHints } from '../../src/capture/target-hints.ts'
import { formatMissingRights } from '../../src/doctor/format-rights.ts'
import { toStartError } from '../../src/kube/exec-status.ts'
import { toApiError, toConnectError } from '../../src/kube/kube-error.ts'
import { readKubectlFailure } from '../../src/kube/kubectl-failure.ts'
import { toOutputError } from '../../src/output/output-error.ts'
import { makeSupervisedArgv } from '../../src/remote/supervised-argv.ts'
import { enterPod } from '../../src/route/enter-pod.ts'
import { planRoutes, type RouteFacts } from '../../src/route/plan-routes.ts'
import { formatCommand } from '../../src/session/reach.ts'
import { changedHostKey, unknownHostKey } from '../../src/ssh/config/host-key-errors.ts'
import { lockedKey, unreadableKey } from '../../src/ssh/login-errors.ts'
import { sshTimeout, sshUnreachable, toSshError } from '../../src/ssh/ssh-error.ts'
import type { ResolvedSshHost } from '../../src/ssh/ssh-host.ts'
import { choosePod } from '../../src/target/choose-pod.ts'
import { parseTarget } from '../../src/target/parse-target.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { fuzz, orRefusal } from './fuzz.ts'
import { hostileText } from './hostile-text.ts'

/** Stand-ins for all that a hint may start: each prints its words, and does nothing. */
const folder = await makeTempFolder()
const bin = path.join(folder, 'bin')
const home = path.join(folder, 'home')
for (const place of [bin, home]) execFileSync('mkdir', [place])
const programs = [
  'kubectl',
  'kcap',
  'ssh',
  'ssh-add',
  'ssh-keygen',
  'ssh-keyscan',
  'mkdir',
  'ls',
  'df',
  'openssl',
  'base64',
]
for (const program of programs) {
  writeFileSync(path.join(bin, program), `#!/bin/sh\nprintf '%s\\0' ${program} "$@"\n`)
  chmodSync(path.join(bin, program), 0o755)
}

/** A person pastes the line of a hint: it starts what it says, with the words it says, and nothing else. */
function paste(hint: Hint): void {
  if (typeof hint === 'string') return
  const { argv, tail, appendTo, input } = hint
  const text = formatHint({ argv } as HintLine)
  if (input !== undefined) {
    const printed = execFileSync('/bin/sh', ['-c', formatHint({ argv: ['cat'], input }) ?? ''], { encoding: 'utf8' })
    expect(printed).toBe(input)
    paste({ argv })
    return
  }
  if (text === undefined || tail !== undefined || appendTo !== undefined) return
  const isOption = argv[0]?.startsWith('-') === true
  const run = isOption ? `kcap ${text}` : text
  const said = execFileSync('/bin/sh', ['-c', run], {
    cwd: home,
    env: { PATH: bin, HOME: home },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  expect(said.split('\0').slice(0, -1)).toEqual(
    [...(isOption ? ['kcap'] : []), ...argv].map((word) => Buffer.from(word).toString()),
  )
  expect(readdirSync(home)).toEqual([])
}

function collect(...makers: (() => unknown)[]): Hint[] {
  return makers.flatMap((make) => {
    let made: unknown
    try {
      made = make()
    } catch (error) {
      made = error
    }
    if (made instanceof KcapError) return [...made.remedies]
    if (made instanceof Error) throw made
    return Array.isArray(made) ? (made as Hint[]) : []
  })
}

const server = new URL('https://api.example.com:6443')
const status = (message: string) => JSON.stringify({ kind: 'Status', message })
const errno = (code: string) => Object.assign(new Error(code), { code })

function facts(namespace: string, more: Partial<RouteFacts>): RouteFacts {
  const rights = {
    getExec: false,
    createExec: false,
    patchEphemeral: false,
    createPods: false,
    deletePods: false,
    getNodeExec: false,
    createNodeExec: false,
  }
  return {
    namespace,
    execFailure: undefined,
    rights,
    hasKubectl: true,
    minorVersion: 36,
    podSecurity: 'none',
    nodePodSecurity: 'unknown',
    nodePodNamespace: namespace,
    isWindows: false,
    isStatic: false,
    sshHost: undefined,
    ...more,
  }
}

fuzz(
  'hints: every line starts what it says, whatever the names in it',
  fc.tuple(hostileText, hostileText, hostileText),
  ([a, b, c]) => {
    const host = {
      alias: a,
      host: b,
      user: c,
      port: 2222,
      configPath: a,
      userKnownHostsFiles: [b],
      globalKnownHostsFiles: [],
    } as unknown as ResolvedSshHost
    const target = { kind: 'pod', context: a, namespace: b, pod: c, container: a, node: b } as unknown as PodTarget
    const request = { namespace: a, pod: b, container: c, argv: ['sh'] }
    const forbidden = `pods is forbidden: User ${JSON.stringify(a)} cannot create resource "pods/exec" in API group ""`
    const pod = (running: object): V1Pod =>
      ({
        metadata: { namespace: a, name: b },
        spec: { containers: [{ name: c }, { name: 'other' }] },
        status: { phase: 'Running', containerStatuses: [{ name: c, state: running }] },
      }) as V1Pod
    const choice = { cluster: {}, context: a, container: undefined }
    const shown = { typeName: 'RSA', fingerprint: 'SHA256:x' }
    const hints = collect(
      () => toApiError({ server }, { verb: 'create', resource: 'pods/exec', namespace: b }, 403, status(forbidden)),
      () => toApiError({ server }, { verb: 'list', resource: 'pods', namespace: undefined }, 403, status(forbidden)),
      () =>
        toApiError(
          { server },
          { verb: 'create', resource: 'pods', namespace: b },
          403,
          status(`violates PodSecurity "baseline:latest": ${c}`),
        ),
      () => toConnectError(server, errno('ECONNREFUSED'), a),
      () => toConnectError(server, errno('SELF_SIGNED_CERT_IN_CHAIN'), a),
      () => toStartError(`${a}/${b}`, 'sh', c),
      () => readKubectlFailure(`Error from server (Forbidden): ${forbidden}`, request, server),
      () => readKubectlFailure('Unable to connect to the server: x', request, server),
      ...['EEXIST', 'ENOENT', 'ENOSPC', 'PLANTED', 'INUSE', 'EACCES'].map(
        (code) => () => toOutputError(a, errno(code)),
      ),
      () => choosePod(pod({ waiting: { reason: 'CrashLoopBackOff' } }), choice),
      () => choosePod(pod({ running: {} }), { ...choice, container: 'other' }),
      () => choosePod(pod({ running: {} }), { ...choice, container: 'missing' }),
      () => parseTarget(`${a}/${b}`, { cluster: { namespace: c } } as never),
      () => withTargetHints(new KcapError('not-a-capture', 'x'), target),
      () => [formatCommand('kcap x', target, 'ssh')],
      () => enterPod({ ...target, cgroupUid: undefined }),
      () => unknownHostKey(host, shown),
      () => changedHostKey(host, a, shown, { ...shown, key: Buffer.alloc(8), file: b, line: 1 }),
      () => unreadableKey(a, errno('EACCES')),
      () => lockedKey(a, b, false, []),
      () => sshUnreachable(host, 'x'),
      () => sshTimeout(host, 'x'),
      () => toSshError(errno('ECONNRESET'), host),
      ...(['restricted', 'baseline', 'none'] as const).map(
        (podSecurity) => () =>
          planRoutes(facts(a, { podSecurity, nodePodSecurity: podSecurity }), new Set()).flatMap(({ lift }) => lift),
      ),
    )
    expect(hints.length).toBeGreaterThan(20)
    for (const hint of hints) paste(hint)
  },
  60_000,
)

fuzz('Roles: the YAML says what it was made of', fc.tuple(hostileText, hostileText), ([namespace, user]) => {
  const documents = yaml.loadAll(
    formatMissingRights(facts(namespace, { execFailure: { code: 'api-forbidden', message: '' } }), [], user, namespace),
  ) as {
    kind: string
    metadata: { namespace: string }
    subjects?: { name: string }[]
  }[]
  expect(documents.length).toBeGreaterThan(0)
  for (const { metadata } of documents) expect(metadata.namespace).toBe(namespace)
  for (const { subjects } of documents) for (const { name } of subjects ?? []) expect(name).toBe(user)
})

fuzz(
  'annotations: what names the cgroups of a pod is hexadecimal, whatever the pod says of itself',
  fc.record({
    uid: hostileText,
    hash: hostileText,
    mirror: fc.option(hostileText, { nil: undefined }),
    ip: hostileText,
  }),
  ({ uid, hash, mirror, ip }) => {
    const annotations = {
      'kubernetes.io/config.hash': hash,
      ...(mirror === undefined ? {} : { 'kubernetes.io/config.mirror': mirror }),
    }
    const running = [{ name: 'app', state: { running: {} } }]
    const pod = {
      metadata: { namespace: 'shop', name: 'orders', uid, annotations },
      spec: { containers: [{ name: 'app' }] },
      status: { phase: 'Running', podIPs: [{ ip }, { ip: '10.0.0.1' }], containerStatuses: running },
    } as unknown as V1Pod
    const target = choosePod(pod, { cluster: {}, context: 'x', container: undefined })
    expect(target.cgroupUid ?? '').toMatch(/^([0-9a-f-]{32,36})?$/)
    const network = orRefusal(() => enterPod({ ...target, cgroupUid: target.cgroupUid ?? '0'.repeat(32) }))
    if (network === undefined) return
    const [, , , , , , , , words = ''] = makeSupervisedArgv({
      captureId: 'x',
      sudo: 'none',
      ownStream: { kind: 'elsewhere' },
      filter: '',
      network,
      compression: 'none',
      programs: [['tcpdump']],
    })
    expect(words).toMatch(/^pod:[0-9a-f-]+,[0-9a-f_]+( [0-9a-f.]+)+$/)
  },
)
