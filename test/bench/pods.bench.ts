import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { programPath } from '../support/run-kcap.ts'
import { measure, median } from './measure.ts'
import { writeResults } from './write-results.ts'

/**
 * Measures how the cost grows with the number of pods that each send the same traffic. The work of the demo cluster is not in kcap's
 * process here.
 */
const packetsPerSecond = 500
const counts = [1, 10, 50]
const rounds = 3
/** The cost of starting is in both and goes out in the difference. */
const durations = { short: 5, long: 25 }
const table: string[] = []
let demo: DemoFixture
let kubeconfig: string

beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond })
  for (const count of counts)
    for (let i = 0; i < count; i++)
      demo.cluster.addPod({ namespace: 'default', name: `bench-${count}-${i}`, labels: { bench: String(count) } })
  kubeconfig = await demo.kubeconfig()
})
afterAll(() =>
  writeResults('Pods at once', ['pods', 'packets/s', 'CPU, µs a packet', 'relative to one pod', 'peak, MiB'], table),
)

async function capture(count: number, seconds: number) {
  const file = path.join(demo.folder, 'out.pcapng')
  const argv = ['-n', 'default', '-l', `bench=${count}`, '--duration', String(seconds), '--json', '--force', '-o', file]
  const run = await measure([process.execPath, programPath, ...argv], { environment: { KUBECONFIG: kubeconfig } })
  const summary = run.stderr.split('\n').find((line) => line.startsWith('{"event":"summary"')) ?? '{}'
  const { packets = Number.NaN, sources = [] } = JSON.parse(summary) as { packets?: number; sources?: unknown[] }
  expect(sources.length).toBe(count)
  return { ...run, packets }
}

test(`${counts.join(', ')} pods of ${packetsPerSecond} packets a second each`, async () => {
  const found = new Map(
    counts.map((count) => [count, { micros: [] as number[], rate: [] as number[], peak: [] as number[] }]),
  )
  for (let round = 0; round < rounds; round++)
    for (const [count, figures] of found) {
      const short = await capture(count, durations.short)
      const long = await capture(count, durations.long)
      const packets = long.packets - short.packets
      figures.micros.push(((long.cpuMs - short.cpuMs) * 1000) / packets)
      figures.rate.push(packets / (durations.long - durations.short))
      figures.peak.push(long.peakMib)
    }
  const one = median(found.get(1)?.micros ?? [])
  for (const [count, { micros, rate, peak }] of found) {
    const cost = median(micros)
    table.push(
      `| ${count} | ${median(rate).toFixed(0)} | ${cost.toFixed(1)} | ${(cost / one).toFixed(2)} | ${median(peak).toFixed(0)} |`,
    )
  }
})
