import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import type { TargetName } from '../../src/base/target.ts'
import { openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { passQuietTime } from '../support/quiet-time.ts'
import { packetComments, startSession } from '../support/session-run.ts'

const demo = await openDemoFixture({
  packetsPerSecond: 100,
  users: [
    {
      name: 'getter',
      rights: [
        {
          verbs: ['get', 'list', 'create'],
          resources: ['pods', 'pods/exec', 'services', 'endpointslices', 'deployments'],
        },
      ],
    },
  ],
})
const kubeconfig = await demo.kubeconfig()
let count = 0
let file: string
beforeEach(() => {
  file = path.join(demo.folder, `${count++}.pcapng`)
})

const start = (target: TargetName, more: Partial<CaptureRequest> = {}) => startSession(file, target, more)

const workload: TargetName = { kind: 'workload', workloadKind: 'deploy', workload: 'orders', namespace: 'prod' }
const from = <Name extends TargetName>(name: Name): Name => ({ ...name, kubeconfigPaths: [kubeconfig] })
const labels = { app: 'orders' }

describe('the capture of a workload', () => {
  test('adds a new pod as an interface of its own, whose first packet has a comment', async () => {
    const capture = start(from(workload))
    await capture.untilCapturing('prod/orders-6c9f')
    demo.cluster.addPod({ namespace: 'prod', name: 'orders-new', labels })
    await capture.untilCapturing('prod/orders-new')
    const summary = await capture.stop()
    demo.cluster.removePod('prod/orders-new')
    expect(summary.error).toBeUndefined()
    expect(summary.sources.map(({ name, state }) => [name, state])).toEqual([
      ['prod/orders-6c9f', 'ended'],
      ['prod/orders-x2x7', 'ended'],
      ['prod/orders-new', 'ended'],
    ])
    expect(capture.events).toEqual(['prod/orders-new joined the capture'])
    expect(await packetComments(file)).toEqual([[2, 'prod/orders-new joined the capture']])
  })

  test('ends with no error for a pod that goes', async () => {
    demo.cluster.addPod({ namespace: 'prod', name: 'orders-old', labels })
    const capture = start(from(workload))
    await capture.untilCapturing('prod/orders-old')
    demo.cluster.removePod('prod/orders-old')
    await capture.until('the end', () => capture.source('prod/orders-old')?.state === 'ended')
    await capture.untilCapturing('prod/orders-6c9f', (capture.source('prod/orders-6c9f')?.packets ?? 0) + 20)
    const summary = await capture.stop()
    expect(summary.error).toBeUndefined()
    // The end of the exec and the event of the watch arrive in either order.
    expect(capture.events).toEqual([expect.stringMatching(/^prod\/orders-old has (gone|ended)$/)])
  })

  test('resumes after a restart of the container in the same interface, with a comment on the first packet', async () => {
    const capture = start(from(workload))
    await capture.untilCapturing('prod/orders-x2x7')
    demo.cluster.restartPod('prod/orders-x2x7')
    await capture.untilEvent(/restarted/)
    await capture.untilCapturing('prod/orders-x2x7', (capture.source('prod/orders-x2x7')?.packets ?? 0) + 20)
    const summary = await capture.stop()
    expect(summary.error).toBeUndefined()
    expect(capture.events).toEqual([
      'prod/orders-x2x7 has ended',
      expect.stringMatching(/^container "\S+" of prod\/orders-x2x7 was restarted; captured again$/),
    ])
    const [[, comment] = []] = await packetComments(file)
    expect(comment).toMatch(
      /^container "\S+" of prod\/orders-x2x7 was restarted: about \d+\.\d s are missing before this packet$/,
    )
    const interfaces = parseBlocks(await readFile(file)).filter(({ type }) => type === 1)
    expect(interfaces.length).toBe(2)
  })

  test('leaves out pods beyond --max-pods, and reports it once', async () => {
    const capture = start(from(workload), { maxPods: 1 })
    await capture.untilCapturing('prod/orders-6c9f')
    const summary = await capture.stop()
    expect(summary.sources.map(({ name }) => name)).toEqual(['prod/orders-6c9f'])
    expect(capture.events).toEqual([
      'prod/orders-x2x7 and others are left out: 1 are captured at once; --max-pods N allows more',
    ])
  })

  test('follows no pods with --no-follow', async () => {
    const capture = start(from(workload), { follow: false })
    await capture.untilCapturing('prod/orders-6c9f')
    demo.cluster.addPod({ namespace: 'prod', name: 'orders-later', labels })
    await passQuietTime()
    const summary = await capture.stop()
    demo.cluster.removePod('prod/orders-later')
    expect(summary.sources.map(({ name }) => name)).toEqual(['prod/orders-6c9f', 'prod/orders-x2x7'])
    expect(capture.events).toEqual([])
  })

  test('goes on without following where the login may not watch', async () => {
    const capture = start({ ...workload, kubeconfigPaths: [await demo.kubeconfig('getter')] })
    await capture.untilCapturing('prod/orders-6c9f')
    await capture.untilEvent(/is not followed/)
    const summary = await capture.stop()
    expect(summary.error).toBeUndefined()
    expect(capture.events[0]).toMatch(
      /^deploy\/orders is not followed from here on: cannot watch pods in the namespace "prod"/,
    )
  })
})

describe('a followed capture whose connections are cut', () => {
  test('resumes in the same interface, and reports the lost seconds', async () => {
    const capture = start(from(workload))
    await capture.untilCapturing('prod/orders-6c9f')
    demo.cluster.cutExecs('prod/orders-6c9f')
    await capture.untilEvent(/cannot continue capturing "prod\/orders-6c9f": .*; trying again$/)
    await capture.untilCapturing('prod/orders-6c9f', (capture.source('prod/orders-6c9f')?.packets ?? 0) + 20)
    const summary = await capture.stop()
    expect(summary.error).toBeUndefined()
    expect(summary.sources.find(({ name }) => name === 'prod/orders-6c9f')?.gaps).toBe(1)
    expect((await packetComments(file))[0]?.[1]).toMatch(
      /^the capture of prod\/orders-6c9f broke off: about \d+\.\d s are missing before this packet$/,
    )
    expect(parseBlocks(await readFile(file)).filter(({ type }) => type === 1).length).toBe(2)
  })

  test('stops promptly while it cannot reconnect', async () => {
    const capture = start(from(workload))
    await capture.untilCapturing('prod/orders-6c9f')
    await demo.cluster.misbehave({ connections: 'refused' })
    demo.cluster.cutExecs()
    await capture.untilEvent(/trying again$/)
    const startedMs = Date.now()
    const summary = await capture.stop()
    await demo.cluster.misbehave({})
    expect(Date.now() - startedMs).toBeLessThan(3_000)
    expect(summary.error?.code).toMatch(/^(connection-lost|api-unreachable)$/)
  })
})

describe('the capture of a single pod whose connection is cut', () => {
  const pod = { kind: 'pod', pod: 'orders-6c9f', namespace: 'prod' } as const

  test('is resumed', async () => {
    const capture = start(from(pod))
    await capture.untilCapturing('prod/orders-6c9f')
    demo.cluster.cutExecs('prod/orders-6c9f')
    await capture.untilEvent(/trying again$/)
    await capture.untilCapturing('prod/orders-6c9f', (capture.source('prod/orders-6c9f')?.packets ?? 0) + 20)
    const summary = await capture.stop()
    expect(summary.error).toBeUndefined()
    expect(summary.sources.map(({ gaps }) => gaps)).toEqual([1])
    expect((await packetComments(file))[0]?.[1]).toMatch(/broke off: about \d+\.\d s are missing before this packet$/)
  })

  test('ends without an error when the pod is gone', async () => {
    demo.cluster.addPod({ namespace: 'prod', name: 'orders-gone', labels })
    const capture = start(from({ ...pod, pod: 'orders-gone' }))
    await capture.untilCapturing('prod/orders-gone')
    demo.cluster.cutExecs('prod/orders-gone')
    demo.cluster.removePod('prod/orders-gone')
    const summary = await capture.summary
    expect([summary.error, capture.events.at(-1)]).toEqual([undefined, 'prod/orders-gone is gone for good'])
    expect(summary.packets).toBeGreaterThan(0)
  })

  test('renews a login that has expired', async () => {
    const capture = start(from(pod))
    await capture.untilCapturing('prod/orders-6c9f')
    await demo.cluster.misbehave({ answer: 401 }, 'prod/orders-6c9f')
    demo.cluster.cutExecs('prod/orders-6c9f')
    await capture.untilEvent(/\(401\); trying again$/)
    await demo.cluster.misbehave({}, 'prod/orders-6c9f')
    await capture.untilCapturing('prod/orders-6c9f', (capture.source('prod/orders-6c9f')?.packets ?? 0) + 20)
    expect((await capture.stop()).error).toBeUndefined()
  })

  test('fails when the renewed login is refused too', async () => {
    const capture = start(from(pod))
    await capture.untilCapturing('prod/orders-6c9f')
    await demo.cluster.misbehave({ answer: 401 }, 'prod/orders-6c9f')
    demo.cluster.cutExecs('prod/orders-6c9f')
    const { error } = await capture.summary
    await demo.cluster.misbehave({}, 'prod/orders-6c9f')
    expect(error?.code).toBe('api-unauthorized')
    expect(capture.events.filter((event) => event.includes('(401)')).length).toBe(2)
  })

  test('fails at once when the right to exec was withdrawn', async () => {
    const capture = start(from(pod))
    await capture.untilCapturing('prod/orders-6c9f')
    await demo.cluster.misbehave({ answer: 403 }, 'prod/orders-6c9f')
    demo.cluster.cutExecs('prod/orders-6c9f')
    const summary = await capture.summary
    await demo.cluster.misbehave({}, 'prod/orders-6c9f')
    expect(summary.error).toMatchObject({ exitCode: 5 })
    expect(summary.packets).toBeGreaterThan(0)
    expect(capture.events.filter((event) => event.includes('trying again')).length).toBe(1)
  })

  test('does not reconnect with --reconnect 0', async () => {
    const capture = start(from(pod), { reconnectMs: 0 })
    await capture.untilCapturing('prod/orders-6c9f')
    demo.cluster.cutExecs('prod/orders-6c9f')
    expect((await capture.summary).error?.code).toBe('connection-lost')
    expect(capture.events).toEqual([])
  })
})

test('a container that ends is not reported as restarted when another one of its pod is captured', async () => {
  demo.cluster.addPod({ namespace: 'prod', name: 'two-in-one', labels: { app: 'two' }, containers: ['api', 'sidecar'] })
  const capture = start(from({ kind: 'pods', selector: 'app=two', namespace: 'prod', allNamespaces: false }))
  await capture.untilCapturing('prod/two-in-one')
  demo.cluster.updatePod('prod/two-in-one', (pod) => {
    const [api] = pod.status.containerStatuses ?? []
    if (api !== undefined) Object.assign(api, { ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } })
  })
  demo.cluster.cutExecs('prod/two-in-one')
  await capture.untilEvent(/captured again/)
  await capture.stop()
  demo.cluster.removePod('prod/two-in-one')
  expect(capture.events.at(-1)).toBe(
    'container "api" of prod/two-in-one has ended, "sidecar" of it runs; captured again',
  )
})

test('the restart of a container does not exceed --max-pods', async () => {
  const capture = start(from(workload), { maxPods: 1 })
  await capture.untilCapturing('prod/orders-6c9f')
  demo.cluster.restartPod('prod/orders-6c9f')
  await capture.until('a capture', () => capture.source('prod/orders-x2x7') !== undefined || capture.events.length > 2)
  await passQuietTime()
  const capturing = ['prod/orders-6c9f', 'prod/orders-x2x7'].filter(
    (name) => capture.source(name)?.state === 'capturing',
  )
  expect(capturing.length).toBe(1)
  await capture.stop()
})

test('the capture of a service adds new pods behind it', async () => {
  const capture = start(from({ kind: 'service', service: 'orders', namespace: 'prod' }))
  await capture.untilCapturing('prod/orders-6c9f')
  demo.cluster.addPod({ namespace: 'prod', name: 'orders-svc', labels })
  await capture.untilCapturing('prod/orders-svc')
  expect((await capture.stop()).error).toBeUndefined()
  demo.cluster.removePod('prod/orders-svc')
})

describe('the capture of a service without a selector', () => {
  const metadata = { name: 'byhand', namespace: 'prod', uid: 'u', resourceVersion: '', creationTimestamp: '' }
  const point = (...ips: string[]) => {
    const subsets = [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 8080, protocol: 'TCP' }] }]
    demo.cluster.putObject({ kind: 'Endpoints', apiVersion: 'v1', metadata, subsets })
  }
  const service: TargetName = { kind: 'service', service: 'byhand', namespace: 'prod' }
  beforeAll(() => {
    const port = { clusterIp: '10.96.200.1', port: 80, targetPort: 8080, portName: 'http' }
    demo.cluster.addService({ namespace: 'prod', name: 'byhand', ...port })
  })

  test('adds pods that its endpoints newly point at', async () => {
    point('10.244.1.17')
    const capture = start(from(service))
    await capture.untilCapturing('prod/orders-6c9f')
    point('10.244.1.17', '10.244.2.23')
    await capture.untilCapturing('prod/orders-x2x7')
    expect((await capture.stop()).error).toBeUndefined()
    expect(capture.events).toEqual(['prod/orders-x2x7 joined the capture'])
  })

  test('resumes a restarted container and drops pods that go, though the endpoints stay', async () => {
    demo.cluster.addPod({ name: 'hand-0', ip: '10.244.9.1' })
    demo.cluster.addPod({ name: 'hand-1', ip: '10.244.9.2' })
    point('10.244.9.1', '10.244.9.2')
    const before = demo.cluster.requests.length
    const capture = start(from(service))
    await capture.untilCapturing('prod/hand-0')
    await capture.untilCapturing('prod/hand-1')
    // Its pods are watched from the first search on.
    const isWatched = () => demo.cluster.requests.slice(before).some(({ path: url }) => /\/pods\?.*watch=/.test(url))
    await capture.until('a watch', isWatched)
    demo.cluster.restartPod('prod/hand-0')
    await capture.untilEvent(/^container "app" of prod\/hand-0 was restarted; captured again$/)
    await capture.untilCapturing('prod/hand-0')
    demo.cluster.removePod('prod/hand-1')
    await capture.untilEvent(/^prod\/hand-1 has gone$/)
    const { error, sources } = await capture.stop()
    demo.cluster.removePod('prod/hand-0')
    expect([error, sources.map(({ state }) => state)]).toEqual([undefined, ['ended', 'ended']])
  })
})

test('a pattern over all namespaces captures the matching pods of each', async () => {
  const capture = start(from({ kind: 'pods', pattern: 'orders-*', allNamespaces: true }))
  await capture.untilCapturing('staging/orders-b8d1')
  const { sources } = await capture.stop()
  expect(sources.map(({ name }) => name).sort()).toEqual([
    'prod/orders-6c9f',
    'prod/orders-x2x7',
    'staging/orders-b8d1',
  ])
})

test('a capture of which no pod can be captured fails with the reason', async () => {
  const error = await start(
    from({ kind: 'pods', pattern: 'slim-*', namespace: 'prod', allNamespaces: false }),
  ).summary.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'no-capture-program', exitCode: 6 })
})
