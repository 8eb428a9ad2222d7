import { setTimeout as delay } from 'node:timers/promises'
import { takePackets } from '../../base/packet.ts'
import { makePacketFeed } from '../traffic/packet-feed.ts'
import type { CaptureEnd, DumpRun } from './capture-program.ts'

const batchPackets = 512
/** Interval between batches. At high rates a short wait lets one write carry many packets. */
const batchIntervalMs = 4
const averagePacketBytes = 256

/** Writes packets until stopped or until it has enough of them. */
export async function streamCapture(run: DumpRun): Promise<CaptureEnd> {
  const { options, interfaceName, io, environment } = run
  const feed = makePacketFeed({
    scene: environment.scene,
    seed: environment.seed,
    packetsPerSecond: environment.packetsPerSecond,
    interfaceName,
    snapLength: options.snapLength,
    matches: run.matches,
    kernelBufferPackets: (options.kernelBufferKib * 1024) / averagePacketBytes,
    startMs: environment.nowMs(),
  })
  await io.writeStdout(run.format.header(feed.linkType, options.snapLength))
  const over = AbortSignal.any([environment.terminated, environment.killed])
  let captured = 0
  while (!over.aborted && captured < options.packetCount) {
    const waitMs = feed.dueInMs()
    if (waitMs > 0)
      await delay(Math.max(batchIntervalMs, Math.min(waitMs, 2 ** 30)), undefined, { signal: over, ref: true }).catch(
        () => {},
      )
    const taken = over.aborted ? undefined : feed.take(batchPackets)
    if (taken === undefined) {
      // Also lets stdin be read while the filter rejects everything.
      await delay(0)
      continue
    }
    const batch = takePackets(taken, options.packetCount - captured)
    captured += batch.count
    await io.writeStdout(run.format.records(batch))
    await new Promise(setImmediate)
  }
  return { captured, dropped: feed.dropped(), exitCode: 0 }
}
