import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { packetRow } from '../../src/base/packet.ts'
import { makePcapngReader } from '../../src/packets/pcapng-reader.ts'
import { openDemoFixture } from '../support/demo.ts'
import { startKcap } from '../support/run-kcap.ts'

/** Five minutes are run by hand: KCAP_MANY_SECONDS=300. */
const seconds = Number(process.env.KCAP_MANY_SECONDS ?? 8)
/** Until the last of the sources has started, on a loaded machine. */
const startSeconds = 4
const maxMemoryMib = 200
/** How often memory is measured. */
const sampleMs = 500
/** Beyond the window, what a loaded machine adds. */
const maxBackSeconds = 0.5

interface SourceFigures {
  readonly name: string
  readonly state: string
  readonly packets: number
  readonly captured?: number
  readonly error?: { readonly code: string }
}

/** Packets by interface name, and how far the order of time goes back. */
async function readCapture(file: string) {
  const reader = makePcapngReader(file)
  const counts = new Map<string, number>()
  let latest = 0
  let backSeconds = 0
  for (const { interfaceId, batch } of reader.push(await readFile(file))) {
    const name = reader.interfaces[interfaceId]?.name ?? ''
    counts.set(name, (counts.get(name) ?? 0) + batch.count)
    for (let at = 0; at < batch.count * packetRow.length; at += packetRow.length) {
      const time = (batch.rows[at] as number) + (batch.rows[at + packetRow.nanoseconds] as number) / 1e9
      backSeconds = Math.max(backSeconds, latest - time)
      latest = Math.max(latest, time)
    }
  }
  expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
  return { counts, backSeconds }
}

test('of 60 sources, 5 that stall, 5 that are cut and 5 that send rubbish do no harm: the others are complete and in order, and memory stays flat', {
  timeout: (seconds + 60) * 1000,
}, async () => {
  const demo = await openDemoFixture({ packetsPerSecond: 80 })
  demo.cluster.addPods(60, 'load', 'p')
  const pod = (i: number) => `load/p-${String(i).padStart(5, '0')}`
  const bad = [
    { stallAfterBytes: 20_000 },
    { cutAfterBytes: 20_000 },
    { stream: 'huge-record', badAfterPackets: 100 },
  ] as const
  for (const [kind, settings] of bad.entries())
    for (let i = 1; i <= 5; i++) await demo.cluster.misbehave(settings, pod(kind * 5 + i))
  const file = path.join(demo.folder, 'many.pcapng')
  const { child, ended } = startKcap(
    [
      'load/p-*',
      '--max-pods',
      '60',
      '--no-follow',
      '--reconnect',
      '0',
      '--no-names',
      '--json',
      '--duration',
      String(seconds),
      '-o',
      file,
    ],
    { KUBECONFIG: await demo.kubeconfig() },
  )
  const memoryMib: number[] = []
  while (child.exitCode === null) {
    await sleep(sampleMs)
    try {
      const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      if (kib !== undefined) memoryMib.push(Number(kib) / 1024)
    } catch {
      // It has ended.
    }
  }
  const { stderr } = await ended
  const summary = stderr
    .split('\n')
    .filter((line) => line.startsWith('{"event":"summary"'))
    .map((line) => JSON.parse(line) as { sources: readonly SourceFigures[] })[0]
  const sources = summary?.sources ?? []
  expect(sources.length).toBe(60)
  const { counts, backSeconds } = await readCapture(file)
  for (const source of sources) {
    const number = Number(source.name.slice(-5))
    expect(counts.get(`${source.name} any`), source.name).toBe(source.packets)
    if (number > 15) {
      expect([source.name, source.state, source.error]).toEqual([source.name, 'ended', undefined])
      expect(source.packets).toBe(source.captured)
      expect(source.packets).toBeGreaterThan((seconds - startSeconds) * 20)
    } else if (number > 5) expect(source.error?.code).toMatch(/^(connection-lost|corrupt-capture)$/)
  }
  expect(backSeconds).toBeLessThanOrEqual(maxBackSeconds)
  expect(Math.max(...memoryMib)).toBeLessThan(maxMemoryMib)
  const late = memoryMib.slice(Math.floor(memoryMib.length / 2))
  console.log(`${seconds} s: peak ${Math.round(Math.max(...memoryMib))} MiB, order back ${backSeconds.toFixed(3)} s`)
  expect(Math.max(...late)).toBeLessThan(maxMemoryMib)
})
