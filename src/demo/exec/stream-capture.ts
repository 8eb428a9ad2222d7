import { setTimeout as delay } from 'node:timers/promises'
import { type PacketBatch, takePackets } from '../../base/packet.ts'
import type { InterfaceName } from '../traffic/link-layer.ts'
import { makePacketFeed } from '../traffic/packet-feed.ts'
import type { TappedPacket } from '../traffic/tap.ts'
import type { CaptureEnvironment } from './capture-environment.ts'
import type { ExecSocket } from './exec-socket.ts'

export interface CaptureRun {
  readonly options: CaptureOptions
  readonly format: CaptureFormat
  readonly interfaceName: InterfaceName
  readonly matches: (packet: TappedPacket) => boolean
  readonly io: ExecSocket
  readonly environment: CaptureEnvironment
}

export interface CaptureOptions {
  readonly snapLength: number
  readonly packetCount: number
  readonly kernelBufferKib: number
}

/** How a capture looks on standard output. */
export interface CaptureFormat {
  readonly header: (linkType: number, snapLength: number) => Buffer
  readonly records: (batch: PacketBatch) => Buffer
}

const batchPackets = 512
/** At high rates packets are worth waiting for a little, so that one write carries many. */
const batchIntervalMs = 4
const averagePacketBytes = 256
const defaultBadAfterPackets = 5

/** Writes packets until it is told to stop, has enough of them, or is set to fail. */
export async function streamCapture(run: CaptureRun): Promise<{ captured: number; dropped: number; exitCode: number }> {
  const { options, interfaceName, io, environment } = run
  const { misbehaviour, terminated, killed } = environment
  const feed = makePacketFeed({
    scene: environment.scene,
    seed: environment.seed,
    packetsPerSecond: misbehaviour.packetsPerSecond ?? environment.packetsPerSecond,
    interfaceName,
    snapLength: options.snapLength,
    matches: run.matches,
    kernelBufferPackets: (options.kernelBufferKib * 1024) / averagePacketBytes,
    clockOffsetMs: misbehaviour.clockOffsetMs ?? 0,
  })
  if (misbehaviour.textBeforeCapture !== undefined) await io.writeStdout(Buffer.from(misbehaviour.textBeforeCapture))
  if (misbehaviour.stream === 'not-pcap')
    await io.writeStdout(Buffer.from('Last login: Sun Nov 22 10:15:30 2026 from 10.0.0.7\nwelcome to web-5f8c\n'))
  else await io.writeStdout(run.format.header(feed.linkType, options.snapLength))

  const stopsAt =
    misbehaviour.stream !== undefined || misbehaviour.exitCode !== undefined
      ? (misbehaviour.badAfterPackets ?? defaultBadAfterPackets)
      : Number.POSITIVE_INFINITY
  const wanted = Math.min(options.packetCount, stopsAt)
  const over = AbortSignal.any([terminated, killed])
  let captured = 0
  while (!over.aborted && captured < wanted) {
    const waitMs = feed.dueInMs()
    if (waitMs > 0)
      await delay(Math.max(batchIntervalMs, Math.min(waitMs, 2 ** 30)), undefined, { signal: over, ref: true }).catch(
        () => {},
      )
    const taken = over.aborted ? undefined : feed.take(batchPackets)
    if (taken === undefined) {
      // Also lets stdin be read while a filter lets nothing pass.
      await delay(0)
      continue
    }
    const batch = takePackets(taken, wanted - captured)
    captured += batch.count
    if (misbehaviour.stream !== 'not-pcap') await io.writeStdout(run.format.records(batch))
    await new Promise(setImmediate)
  }
  const end = { captured, dropped: feed.dropped(), exitCode: misbehaviour.exitCode ?? 0 }
  if (captured < stopsAt || over.aborted) return { ...end, exitCode: 0 }
  if (misbehaviour.stream === 'huge-record') await writeHugeRecord(io, over)
  else if (misbehaviour.stream === 'truncated') await io.writeStdout(formatTruncatedRecord())
  return end
}

const hugeLength = 300_000_000

function formatRecordHeader(length: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(Date.now() / 1000), 0)
  header.writeUInt32LE(length, 8)
  header.writeUInt32LE(length, 12)
  return header
}

/** A record header that lies, and noise behind it until somebody stops listening. */
async function writeHugeRecord(io: ExecSocket, over: AbortSignal): Promise<void> {
  await io.writeStdout(formatRecordHeader(hugeLength))
  const noise = Buffer.alloc(1024, 0x5a)
  while (!over.aborted) {
    await io.writeStdout(noise)
    await delay(20, undefined, { signal: over }).catch(() => {})
  }
}

function formatTruncatedRecord(): Buffer {
  return Buffer.concat([formatRecordHeader(90), Buffer.alloc(37, 0x5a)])
}
