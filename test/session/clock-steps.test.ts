import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { startSession } from '../support/session-run.ts'

const hourMs = 3_600_000

afterEach(() => void vi.useRealTimers())

test('a wall clock that steps an hour ahead and two back cuts nothing, and is in no duration', async () => {
  const demo = await openDemoFixture({ packetsPerSecond: 100 })
  const file = path.join(demo.folder, 'steps.pcapng')
  vi.useFakeTimers({ toFake: ['Date'] })
  const kubeconfigPaths = [await demo.kubeconfig()]
  const run = startSession(file, { kind: 'pod', pod: 'orders-6c9f', namespace: 'prod', kubeconfigPaths })
  await run.untilCapturing('prod/orders-6c9f')
  for (const stepMs of [hourMs, -2 * hourMs, hourMs]) {
    vi.setSystemTime(Date.now() + stepMs)
    // The silence of a channel is looked for every second.
    await sleep(1_200)
    await run.untilCapturing('prod/orders-6c9f', (run.source('prod/orders-6c9f')?.packets ?? 0) + 20)
  }
  const summary = await run.stop()
  expect(run.events).toEqual([])
  expect(summary).toMatchObject({ error: undefined, sources: [{ state: 'ended', gaps: 0 }] })
  expect(summary.elapsedMs).toBeLessThan(30_000)
  const [statistics] = parseBlocks(await readFile(file)).filter(({ type }) => type === 5)
  const option = (code: number) => {
    const bytes = statistics?.options(12).get(code)?.[0]
    return bytes === undefined ? 0 : bytes.readUInt32LE(0) * 2 ** 32 + bytes.readUInt32LE(4)
  }
  const lastedNs = option(3) - option(2)
  expect(lastedNs).toBeGreaterThan(3e9)
  expect(lastedNs).toBeLessThan(30e9)
})
