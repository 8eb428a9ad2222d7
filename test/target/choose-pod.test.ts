import type { V1ContainerState, V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { choosePod } from '../../src/target/choose-pod.ts'

function makePod(states: Record<string, V1ContainerState>, more: Partial<V1Pod> = {}): V1Pod {
  const containers = Object.keys(states).map((name) => ({ name }))
  const containerStatuses = Object.entries(states).map(([name, state]) => ({ name, state })) as never
  return {
    metadata: { namespace: 'shop', name: 'orders-6c9f', uid: 'u' },
    spec: { containers, nodeName: 'worker-1' },
    status: { phase: 'Running', podIPs: [{ ip: '10.244.0.7' }], containerStatuses },
    ...more,
  }
}

const choice = { cluster: {}, context: 'lab', container: undefined }

function choose(pod: V1Pod, container?: string) {
  try {
    return choosePod(pod, { ...choice, container })
  } catch (error) {
    if (error instanceof KcapError) return [error.message, ...error.hints]
    throw error
  }
}

const running: V1ContainerState = { running: {} }
const crashing: V1ContainerState = { waiting: { reason: 'CrashLoopBackOff' } }

test('choosePod takes the first container that runs', () => {
  expect(choose(makePod({ api: crashing, proxy: running }))).toMatchObject({
    container: 'proxy',
    node: 'worker-1',
    addresses: ['10.244.0.7'],
    hostNetwork: false,
  })
})

test('the hints for a crashed pod include the log of its last run', () => {
  expect(choose(makePod({ api: crashing }))).toEqual([
    'cannot capture "shop/orders-6c9f": no container of it runs (CrashLoopBackOff)',
    'kubectl logs -n shop orders-6c9f -c api --previous',
    'kubectl describe pod -n shop orders-6c9f',
  ])
})

test('a pod that has not started yet has no log in its hints', () => {
  expect(choose(makePod({ api: { waiting: { reason: 'ContainerCreating' } } }))).toEqual([
    'cannot capture "shop/orders-6c9f": no container of it runs (ContainerCreating)',
    'kubectl describe pod -n shop orders-6c9f',
  ])
})

test('the hints for a stopped container offer the running ones', () => {
  expect(choose(makePod({ api: crashing, proxy: running }), 'api')).toEqual([
    'cannot capture "shop/orders-6c9f": its container "api" is CrashLoopBackOff',
    'kcap shop/orders-6c9f --container proxy',
    'kubectl describe pod -n shop orders-6c9f',
  ])
})

test.each([
  ['its own word', { os: { name: 'windows' } }],
  ['its node selector', { nodeSelector: { 'kubernetes.io/os': 'windows' } }],
])("a pod on Windows is 'windows-node' by %s", (_what, spec) => {
  const pod = makePod({ iis: running })
  const failure = () => choosePod({ ...pod, spec: { ...pod.spec, ...spec } as never }, choice)
  expect(failure).toThrow(
    expect.objectContaining({
      code: 'windows-node',
      exitCode: 6,
      message: 'cannot capture "shop/orders-6c9f": it runs on Windows, where kcap cannot capture',
    }),
  )
})

const podUid = '3f6e0c52-3a5b-4e0c-9d55-0a8c9f6b1d11'
const otherUid = '7d1b0c52-3a5b-4e0c-9d55-0a8c9f6b1d22'
const fileHash = '0123456789abcdef0123456789abcdef'

test.each([
  ['a pod of the API is known by its UID', {}, podUid, false],
  [
    'a pod that the kubelet made from a file is known by the hash of that file',
    { 'kubernetes.io/config.hash': fileHash, 'kubernetes.io/config.mirror': fileHash },
    fileHash,
    true,
  ],
  ['a pod can not name the cgroups of another pod', { 'kubernetes.io/config.hash': otherUid }, podUid, false],
  ['an empty hash names nothing', { 'kubernetes.io/config.hash': '' }, podUid, false],
  [
    'a hash that differs from the mirror names nothing',
    { 'kubernetes.io/config.hash': otherUid, 'kubernetes.io/config.mirror': fileHash },
    podUid,
    true,
  ],
  [
    'words of a shell are no hash',
    { 'kubernetes.io/config.hash': "';touch /tmp/x;'", 'kubernetes.io/config.mirror': "';touch /tmp/x;'" },
    undefined,
    true,
  ],
])('%s', (_fact, annotations, cgroupUid, isStatic) => {
  const pod = makePod({ app: running })
  expect(choose({ ...pod, metadata: { ...pod.metadata, uid: podUid, annotations } as never })).toMatchObject({
    uid: podUid,
    cgroupUid,
    isStatic,
  })
})

test.each(['', 'u', '$(id)', podUid.toUpperCase(), `${podUid}0`, `${podUid}\n`])('%j is no UID of a pod', (uid) => {
  const pod = makePod({ app: running })
  expect(choose({ ...pod, metadata: { ...pod.metadata, uid } as never })).toMatchObject({ cgroupUid: undefined })
})

test('pod addresses are valid IP addresses only', () => {
  const pod = makePod({ app: running })
  const podIPs = [{ ip: '10.1.2.3' }, { ip: '$(id)' }, { ip: 'fd00::7' }, {}]
  expect(choose({ ...pod, status: { ...pod.status, podIPs } as never })).toMatchObject({
    addresses: ['10.1.2.3', 'fd00::7'],
  })
})

/** A pod with a mesh's sidecar, an init container, and a debug container that somebody has added. */
function makeMeshPod(
  phase: string,
  states: Partial<Record<'app' | 'mesh' | 'setup' | 'debug', V1ContainerState>>,
): V1Pod {
  const status = (name: keyof typeof states) => ({ name, state: states[name], containerID: `id-${name}` }) as never
  return {
    metadata: { namespace: 'shop', name: 'orders-6c9f', uid: podUid },
    spec: {
      containers: [{ name: 'app' }],
      initContainers: [{ name: 'setup' }, { name: 'mesh', restartPolicy: 'Always' }],
      ephemeralContainers: [{ name: 'debug' }],
    },
    status: {
      phase,
      podIP: '10.244.0.7',
      containerStatuses: [status('app')],
      initContainerStatuses: [status('setup'), status('mesh')],
      ephemeralContainerStatuses: [status('debug')],
    },
  }
}

const all = { app: running, mesh: running, debug: running }

test.each(['app', 'mesh', 'debug'])('--container "%s" names a container of any kind', (name) => {
  expect(choose(makeMeshPod('Running', all), name)).toMatchObject({ container: name, containerId: `id-${name}` })
})

test('a pod whose init container runs can be captured, and is known by its address', () => {
  const waiting: V1ContainerState = { waiting: { reason: 'PodInitializing' } }
  const pod = makeMeshPod('Pending', { app: waiting, mesh: waiting, setup: running })
  expect(choose(pod)).toMatchObject({ container: 'setup', addresses: ['10.244.0.7'] })
  expect(choose(makeMeshPod('Pending', { app: waiting, mesh: running }))).toMatchObject({ container: 'mesh' })
  expect(choose(makeMeshPod('Pending', { app: waiting }))).toEqual([
    'cannot capture "shop/orders-6c9f": it is Pending (PodInitializing)',
    'kubectl describe pod -n shop orders-6c9f',
  ])
})

test('without --container kcap takes the application, then a sidecar, and never a debug container', () => {
  expect(choose(makeMeshPod('Running', all))).toMatchObject({ container: 'app' })
  expect(choose(makeMeshPod('Running', { app: crashing, mesh: running, debug: running }))).toMatchObject({
    container: 'mesh',
  })
  expect(choose(makeMeshPod('Running', { app: crashing, debug: running }))).toEqual([
    'cannot capture "shop/orders-6c9f": no container of it runs (CrashLoopBackOff)',
    'kubectl logs -n shop orders-6c9f -c app --previous',
    'kubectl describe pod -n shop orders-6c9f',
  ])
})

test('the hints for an absent container offer all others, except debug containers', () => {
  expect(choose(makeMeshPod('Running', all), 'istio')).toEqual([
    'cannot capture "shop/orders-6c9f": it has no container "istio"',
    'kcap shop/orders-6c9f --container app',
    'kcap shop/orders-6c9f --container mesh',
    'kcap shop/orders-6c9f --container setup',
  ])
})
