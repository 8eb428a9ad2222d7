import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import { openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { packetComments, startSession } from '../support/session-run.ts'

const kubeconfigs: Record<string, string> = {}
const demo = await openDemoFixture({
  packetsPerSecond: 100,
  users: [{ name: 'getter', rights: [{ verbs: ['get'], resources: ['pods', 'pods/exec'] }] }],
})
const cluster = demo.cluster
kubeconfigs.admin = await demo.kubeconfig()
kubeconfigs.getter = await demo.kubeconfig('getter')

let count = 0
let file: string
let name: string
let pod: string
beforeEach(() => {
  name = `orders-${count++}`
  pod = `prod/${name}`
  file = path.join(demo.folder, `${name}.pcapng`)
  cluster.addPod({ namespace: 'prod', name })
})
afterEach(async () => {
  await cluster.misbehave({}, pod)
  cluster.removePod(pod)
})

/** Captures the pod by its name. */
async function capture(more: Partial<CaptureRequest> = {}, user: 'admin' | 'getter' = 'admin') {
  const kubeconfigPaths = [kubeconfigs[user] ?? '']
  const run = startSession(file, { kind: 'pod', pod: name, namespace: 'prod', kubeconfigPaths }, more)
  await run.untilCapturing(pod)
  return run
}

type Run = Awaited<ReturnType<typeof capture>>
const packetsOf = (run: Run) => run.source(pod)?.packets ?? 0
const more = async (run: Run) => await run.untilCapturing(pod, packetsOf(run) + 20)

describe.each(['admin', 'getter'] as const)('a pod that %s captures by its name', (user) => {
  test('is captured again in the same interface after a restart of its container', async () => {
    const run = await capture({}, user)
    cluster.restartPod(pod)
    await run.untilEvent(/restarted/)
    await more(run)
    const summary = await run.stop()
    expect(summary.error).toBeUndefined()
    expect(summary.sources).toEqual([expect.objectContaining({ name: pod, state: 'ended', gaps: 1 })])
    expect((await packetComments(file)).at(-1)?.[1]).toMatch(
      new RegExp(`^container "\\S+" of ${pod} was restarted: about \\d+\\.\\d s are missing before this packet$`),
    )
    expect(parseBlocks(await readFile(file)).filter(({ type }) => type === 1)).toHaveLength(1)
  })

  test('ends the capture without an error when it is deleted, and its packets count', async () => {
    const run = await capture({}, user)
    cluster.removePod(pod)
    const summary = await run.summary
    cluster.addPod({ namespace: 'prod', name })
    expect(summary).toMatchObject({ error: undefined, endedBy: 'remote side ended' })
    expect(summary.packets).toBeGreaterThan(0)
    expect(run.events.join('\n')).toMatch(new RegExp(`^${pod} has (gone|ended)$`, 'm'))
  })
})

test('a capture ends without an error when all containers of its pod end for good', async () => {
  const run = await capture()
  cluster.updatePod(pod, (changed) => {
    changed.status.phase = 'Succeeded'
  })
  cluster.cutExecs(pod)
  expect(await run.summary).toMatchObject({ error: undefined, endedBy: 'remote side ended' })
})

test('a pod of a StatefulSet that comes back under its name is captured again, if that takes no longer than the patience', async () => {
  const own = (uid: string) =>
    cluster.updatePod(pod, (changed) => {
      changed.metadata.ownerReferences = [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'orders', uid, controller: true, blockOwnerDeletion: true },
      ]
    })
  own('1')
  const run = await capture({ reconnectMs: 2_000 })
  cluster.removePod(pod)
  await run.untilEvent(/has (gone|ended)/)
  // The pod is away for a part of the patience.
  await sleep(300)
  cluster.addPod({ namespace: 'prod', name })
  own('1')
  await run.untilEvent(/joined the capture/)
  await run.until('packets of the new pod', () => (run.sources()[1]?.packets ?? 0) > 5)
  cluster.removePod(pod)
  const summary = await run.summary
  cluster.addPod({ namespace: 'prod', name })
  expect(summary).toMatchObject({ error: undefined, endedBy: 'remote side ended' })
  expect(summary.sources.map((source) => source.name)).toEqual([pod, pod])
})

describe('without following', () => {
  test('a container that is restarted ends the capture with what the program said', async () => {
    const run = await capture({ follow: false })
    cluster.restartPod(pod)
    expect((await run.summary).error).toMatchObject({ code: 'capture-program-failed' })
  })

  test('a pod that is deleted ends it with that reason', async () => {
    const run = await capture({ follow: false })
    cluster.cutExecs(pod)
    cluster.removePod(pod)
    const { error } = await run.summary
    cluster.addPod({ namespace: 'prod', name })
    expect(error).toMatchObject({ code: 'pod-not-found', message: expect.stringContaining('the pod is gone') })
  })
})

describe.each(['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const)(
  'a kubelet that is restarted, with %s',
  (protocol) => {
    test('interrupts the capture and does not end it', async () => {
      const own = await openDemoFixture({ packetsPerSecond: 100, protocols: [protocol] })
      own.cluster.addPod({ namespace: 'prod', name })
      const kubeconfigPaths = [await own.kubeconfig()]
      const run = startSession(file, { kind: 'pod', pod: name, namespace: 'prod', kubeconfigPaths })
      await run.untilCapturing(pod)
      await own.cluster.misbehave({ kubelet: 'away' }, pod)
      own.cluster.dropExecs(pod)
      await run.untilEvent(/the API server cannot reach its kubelet|error dialing backend/)
      await own.cluster.misbehave({ kubelet: 'new' }, pod)
      await run.untilEvent(/its kubelet does not find the container: pod does not exist; trying again$/)
      await own.cluster.misbehave({}, pod)
      await run.untilCapturing(pod, (run.source(pod)?.packets ?? 0) + 20)
      const summary = await run.stop()
      expect(summary).toMatchObject({ error: undefined, sources: [{ state: 'ended', gaps: 1 }] })
    })
  },
)

test('a start that a kubelet refuses just after its own start is tried again', async () => {
  await cluster.misbehave({ kubelet: 'new' }, pod)
  const run = startSession(file, {
    kind: 'pod',
    pod: name,
    namespace: 'prod',
    kubeconfigPaths: [kubeconfigs.admin ?? ''],
  })
  await run.untilEvent(/does not find the container: pod does not exist; trying again$/)
  await cluster.misbehave({}, pod)
  await run.untilCapturing(pod)
  expect((await run.stop()).error).toBeUndefined()
})
