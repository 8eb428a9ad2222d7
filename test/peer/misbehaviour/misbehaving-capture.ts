import { setTimeout as delay } from 'node:timers/promises'
import type { CaptureFormat, StreamCapture } from '../../../src/demo/exec/capture-program.ts'
import type { ExecSocket } from '../../../src/demo/exec/exec-socket.ts'
import { streamCapture } from '../../../src/demo/exec/stream-capture.ts'
import type { Misbehaviour } from './misbehaviour.ts'

const defaultBadAfterPackets = 5
const hugeLength = 300_000_000
const loginText = 'Last login: Sun Nov 22 10:15:30 2026 from 10.0.0.7\nwelcome to web-5f8c\n'
const noFormat: CaptureFormat = { header: () => Buffer.alloc(0), records: () => Buffer.alloc(0) }

/** Returns a capture that spoils its stream as `misbehaviour` says. */
export function makeMisbehavingCapture(misbehaviour: Misbehaviour): StreamCapture {
  const { stream, textBeforeCapture, exitCode } = misbehaviour
  const stopsAt =
    stream !== undefined || exitCode !== undefined
      ? (misbehaviour.badAfterPackets ?? defaultBadAfterPackets)
      : Number.POSITIVE_INFINITY
  const isText = stream === 'not-pcap'
  return async (run) => {
    const { io, options, environment } = run
    const over = AbortSignal.any([environment.terminated, environment.killed])
    if (textBeforeCapture !== undefined) await io.writeStdout(Buffer.from(textBeforeCapture))
    if (isText) await io.writeStdout(Buffer.from(loginText))
    const end = await streamCapture({
      ...run,
      options: { ...options, packetCount: Math.min(options.packetCount, stopsAt) },
      format: isText ? noFormat : run.format,
    })
    if (end.captured < stopsAt || over.aborted) return end
    if (stream === 'huge-record') await writeHugeRecord(io, over)
    else if (stream === 'truncated') await io.writeStdout(formatTruncatedRecord())
    return { ...end, exitCode: exitCode ?? 0 }
  }
}

function formatRecordHeader(length: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(Date.now() / 1000), 0)
  header.writeUInt32LE(length, 8)
  header.writeUInt32LE(length, 12)
  return header
}

/** Sends a record header with a false length, then noise until the reader stops. */
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
