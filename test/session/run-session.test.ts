import { mkdtemp, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import { runSession } from '../../src/session/run-session.ts'
import { makeCaptureRequest } from '../support/capture-request.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { makeFastClock } from '../support/fast-clock.ts'
import { parseBlocks } from '../support/packets.ts'

let file: string
const demo = await openDemoFixture({ packetsPerSecond: 500 })
const kubeconfig = await demo.kubeconfig()
beforeEach(async () => {
  file = path.join(await mkdtemp(path.join(demo.folder, 'out-')), 'x.pcapng')
})

interface Wanted extends Partial<CaptureRequest> {
  readonly pod?: string
  readonly container?: string
  readonly namespace?: string
}

function run(
  { pod = 'orders-6c9f', container, namespace = 'prod', ...more }: Wanted = {},
  signal = new AbortController().signal,
) {
  const request = makeCaptureRequest(file, {
    targets: [{ kind: 'pod', kubeconfigPaths: [kubeconfig], namespace, pod, container }],
    commandLine: 'kcap prod/orders-6c9f',
    ...more,
  })
  return runSession(request, { signal, interactive: false, tell: () => {}, log: () => {}, clock: makeFastClock() })
}

async function blocks() {
  return parseBlocks(await readFile(file))
}

async function expectNothingLeft(): Promise<void> {
  await expect.poll(() => demo.cluster.openExecCount(), { timeout: 5_000 }).toBe(0)
}

test('a count limit writes exactly that number of packets, with section, interface and statistics', async () => {
  const summary = await run({ limits: { packetCount: 50 } })
  expect([summary.endedBy, summary.packets]).toEqual(['count', 50])
  const all = await blocks()
  expect(all.map(({ type }) => type)).toEqual([0x0a0d0d0a, 1, ...Array<number>(50).fill(6), 5])
  expect(all[0]?.options(16).get(1)?.[0]?.toString()).toContain('to repeat: kcap prod/orders-6c9f')
  expect(all[1]?.options(8).get(2)?.[0]?.toString()).toBe('prod/orders-6c9f any')
  const statistics = all.at(-1)?.options(12)
  expect(statistics?.get(8)?.[0]?.readBigUInt64LE()).toBe(50n)
  expect(statistics?.has(5)).toBe(true)
  await expectNothingLeft()
})

test('a duration ends the capture, and the summary has the drop counters', async () => {
  const summary = await run({ limits: { durationMs: 300 } })
  expect(summary.endedBy).toBe('duration')
  expect(summary.sources[0]?.dropped).toBe(0)
  expect(summary.sources[0]?.received).toBeGreaterThan(0)
  await expectNothingLeft()
})

test('a size limit is kept, to the byte of its packets', async () => {
  const summary = await run({ limits: { outputBytes: 20_000 } })
  expect(summary.endedBy).toBe('size')
  const statisticsLength = ((await blocks()).at(-1)?.body.length ?? 0) + 12
  expect((await stat(file)).size - statisticsLength).toBeLessThanOrEqual(20_000)
  expect((await stat(file)).size).toBeGreaterThan(15_000)
})

test('a stopped capture leaves a whole file', async () => {
  const controller = new AbortController()
  const running = run({}, controller.signal)
  const written = async () => (await stat(file).catch(() => undefined))?.size
  await expect.poll(written, { timeout: 5_000 }).toBeGreaterThan(2_000)
  controller.abort()
  const summary = await running
  expect(summary.endedBy).toBe('stopped')
  expect((await blocks()).at(-1)?.type).toBe(5)
  await expectNothingLeft()
})

test('a stop while connecting is no failure and leaves no file', async () => {
  await demo.cluster.misbehave({ answer: 'never' })
  const before = demo.cluster.requests.length
  const controller = new AbortController()
  const running = run({}, controller.signal)
  await expect.poll(() => demo.cluster.requests.length).toBeGreaterThan(before)
  controller.abort()
  const summary = await running
  await demo.cluster.misbehave({})
  expect([summary.endedBy, summary.packets]).toEqual(['stopped', 0])
  await expect(stat(file)).rejects.toThrow('ENOENT')
})

test('all pods behind a service are captured at once, each as an interface of its own', async () => {
  const targets = [{ kind: 'service', kubeconfigPaths: [kubeconfig], namespace: 'prod', service: 'orders' }] as const
  const summary = await run({ targets, limits: { durationMs: 500 } })
  expect(summary.sources.map(({ name }) => name)).toEqual(['prod/orders-6c9f', 'prod/orders-x2x7'])
  const all = await blocks()
  expect(all.filter(({ type }) => type === 1).length).toBe(2)
  expect(new Set(all.filter(({ type }) => type === 6).map(({ body }) => body.readUInt32LE(0)))).toEqual(new Set([0, 1]))
})

test('in a pcap each of several sources has its own count', async () => {
  const targets = [{ kind: 'service', kubeconfigPaths: [kubeconfig], namespace: 'prod', service: 'orders' }] as const
  const summary = await run({ targets, format: 'pcap', limits: { durationMs: 600 } })
  expect(summary.error).toBeUndefined()
  for (const { packets, captured } of summary.sources) expect(packets).toBe(captured)
})

test('a cut connection ends with the packets so far and the reason', async () => {
  await demo.cluster.misbehave({ cutAfterBytes: 20_000 }, 'prod/orders-6c9f')
  const summary = await run({ reconnectMs: 0 })
  await demo.cluster.misbehave({}, 'prod/orders-6c9f')
  expect(summary.packets).toBeGreaterThan(10)
  expect([summary.error?.code, summary.error?.exitCode]).toEqual(['connection-lost', 1])
  expect(summary.error?.message).toContain('cannot continue capturing "prod/orders-6c9f": the connection to')
  expect(summary.error?.hints).toEqual(['the packets up to here are kept; start the same command again'])
  expect((await blocks()).at(-1)?.type).toBe(5)
})

test.each([
  ['huge-record', 'corrupt-capture', 'claims'],
  ['truncated', 'capture-program-failed', 'the stream ended in the middle of a packet'],
] as const)('a stream that is %s keeps the packets before it and says so', async (stream, code, state) => {
  await demo.cluster.misbehave({ stream }, 'prod/orders-6c9f')
  const summary = await run()
  await demo.cluster.misbehave({}, 'prod/orders-6c9f')
  expect(summary.packets).toBe(5)
  expect(summary.error?.code).toBe(code)
  expect(summary.error?.message).toContain(state)
  expect((await blocks()).filter(({ type }) => type === 6).length).toBe(5)
  await expectNothingLeft()
})

test.each([
  [
    'orders-6c9f',
    { textBeforeCapture: 'Welcome to orders\n' },
    'not-a-capture',
    1,
    'it sent the text "Welcome to orders"',
  ],
  ['slim-0', {}, 'no-capture-program', 6, 'there is no "tcpdump"'],
  ['locked-0', {}, 'capture-not-permitted', 5, 'its user may not capture'],
  ['minimal-0', {}, 'no-shell', 6, 'its container has no "sh"'],
  ['importer-pending', {}, 'pod-not-running', 3, 'it is Pending (Unschedulable)'],
  ['migrate-done', {}, 'pod-not-running', 3, 'it is Succeeded'],
  ['mailer-crash', {}, 'pod-not-running', 3, 'CrashLoopBackOff'],
  ['orders-6c8f', {}, 'pod-not-found', 3, 'the namespace has no such pod'],
] as const)('%s fails with its own words, and no file is left', async (pod, misbehaviour, code, exitCode, state) => {
  await demo.cluster.misbehave(misbehaviour, `prod/${pod}`)
  const error = await failureOf(run({ pod }))
  await demo.cluster.misbehave({}, `prod/${pod}`)
  expect([error.code, error.exitCode]).toEqual([code, exitCode])
  expect(error.message).toContain(`"prod/${pod}"`)
  expect(error.message).toContain(state)
  expect(error.hints.length).toBeGreaterThan(0)
  await expect(stat(file)).rejects.toThrow('ENOENT')
  await expectNothingLeft()
})

test("an unknown pod, container ('container-not-found') or namespace ('namespace-not-found') is reported with similar names", async () => {
  expect((await failureOf(run({ pod: 'orders-6c8f' }))).hints[0]).toBe('similar pods: orders-6c9f, orders-x2x7')
  const container = await failureOf(run({ container: 'apo' }))
  expect([container.code, container.exitCode, container.message]).toEqual([
    'container-not-found',
    3,
    'cannot capture "prod/orders-6c9f": it has no container "apo"',
  ])
  expect(container.hints).toContain('kcap prod/orders-6c9f --container proxy')
  const namespace = await failureOf(run({ namespace: 'prd' }))
  expect([namespace.code, namespace.exitCode]).toEqual(['namespace-not-found', 3])
  expect(namespace.message).toContain('has no namespace "prd"')
  expect(namespace.hints[0]).toBe('similar namespaces: prod')
})

test("an unknown interface is 'unknown-interface', with the existing ones as a hint", async () => {
  const error = await failureOf(
    run({ capture: { interfaceName: 'eth9', filter: '', filterExpressions: [], snapLength: 0, compression: 'auto' } }),
  )
  expect([error.code, error.exitCode, error.message]).toEqual([
    'unknown-interface',
    2,
    'cannot capture in "prod/orders-6c9f": there is no interface "eth9"',
  ])
  expect(error.hints[0]).toContain('eth0')
})

test("a filter that the remote host refuses is 'bad-filter', in tcpdump's own words", async () => {
  const error = await failureOf(
    run({
      capture: { interfaceName: 'any', filter: '(prot 80)', filterExpressions: [], snapLength: 0, compression: 'auto' },
    }),
  )
  expect([error.code, error.exitCode]).toEqual(['bad-filter', 2])
  expect(error.message).toBe("cannot use the capture filter: can't parse filter expression: syntax error")
  expect(error.hints[0]).toBe('the grammar: man 7 pcap-filter')
})

test('a remote host that floods standard error does not harm the capture', async () => {
  await demo.cluster.misbehave({ stderrBytes: 5_000_000 }, 'prod/orders-6c9f')
  const summary = await run({ limits: { packetCount: 20 } })
  await demo.cluster.misbehave({}, 'prod/orders-6c9f')
  expect(summary.packets).toBe(20)
})

test('a remote host that ignores the stop is abandoned, and the file is whole', { timeout: 30_000 }, async () => {
  await demo.cluster.misbehave({ ignoreStop: true }, 'prod/orders-6c9f')
  const summary = await run({ limits: { packetCount: 20 } })
  await demo.cluster.misbehave({}, 'prod/orders-6c9f')
  expect(summary.packets).toBe(20)
  expect((await blocks()).at(-1)?.type).toBe(5)
})

test('a pod that vanishes between listing and capture is reported as gone', async () => {
  demo.cluster.addPod({ namespace: 'prod', name: 'short-lived' })
  demo.cluster.removePod('prod/short-lived')
  expect((await failureOf(run({ pod: 'short-lived' }))).code).toBe('pod-not-found')
})
