import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { toPackets } from '../support/packets.ts'

/** Starting is another figure. */
const warmUpMs = 3_000

/**
 * Returns the sorted times in milliseconds from each packet's time stamp to its last byte in a local pipe. The packets come from a
 * pcap that an argv writes to standard output. The remote side must have this machine's clock.
 */
export async function measureLatencies(
  argv: readonly string[],
  durationMs: number,
  environment: Record<string, string>,
): Promise<number[]> {
  const [program = '', ...words] = argv
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...environment } })
  const reader = makePcapReader('standard output')
  const latencies: number[] = []
  const startedMs = Date.now()
  child.stdout.on('data', (chunk: Buffer) => {
    const nowMs = Date.now()
    const batches = reader.push(chunk)
    if (nowMs - startedMs < warmUpMs) return
    for (const { seconds, nanoseconds } of toPackets(batches))
      latencies.push(nowMs - seconds * 1000 - nanoseconds / 1e6)
  })
  await sleep(warmUpMs + durationMs)
  child.kill('SIGTERM')
  await once(child, 'close')
  return latencies.sort((a, b) => a - b)
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
