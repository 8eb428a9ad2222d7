import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { makeRingFiles } from '../../src/output/ring-files.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'
import { makeRotatingWriter } from '../../src/session/rotating-writer.ts'
import { makeBatch } from './packets.ts'

const section = { application: 'kcap', os: '', comment: '', filter: '' }

export interface RecordedPackets {
  readonly count: number
  /** Bytes of a packet. */
  readonly length?: number
  readonly startMs: number
  /** Time between two packets; default: a second. */
  readonly stepMs?: number
  /** Name of the interface. */
  readonly name?: string
  readonly fileBytes?: number
}

/** Writes files as a recorder does, with packets at even intervals; each begins with its number. Returns the folder. */
export async function makeRecordedFiles(folder: string, packets: RecordedPackets): Promise<string> {
  const { count, length = 2_000, startMs, stepMs = 1_000, name = 'shop/web any', fileBytes = 64_000 } = packets
  await mkdir(folder, { recursive: true })
  const ring = makeRingFiles({ file: path.join(folder, 'recording.pcapng'), maxFiles: undefined, overwrite: true })
  let output: Awaited<ReturnType<typeof ring.openNext>> | undefined
  const series = {
    async openNext() {
      await output?.close()
      output = await ring.openNext()
      return makePcapngWriter(output, section)
    },
    kept: { packets: 0, bytes: 0 },
  }
  const writer = await makeRotatingWriter({ fileBytes }, series)
  await writer.addInterface({ name, description: '', header: { linkType: 1, snapLength: 262_144 } })
  for (let from = 0; from < count; from += 100) {
    const batch = makeBatch(
      Array.from({ length: Math.min(100, count - from) }, (_, i) => {
        const data = Buffer.alloc(length)
        data.writeUInt32BE(from + i)
        const timeMs = startMs + (from + i) * stepMs
        const nanoseconds = Math.round((timeMs % 1000) * 1e6)
        return { seconds: Math.floor(timeMs / 1000), nanoseconds, data, originalLength: length }
      }),
    )
    await writer.writeRuns([{ interfaceId: 0, batch, from: 0, to: batch.count }])
  }
  await writer.finish([])
  await output?.close()
  return folder
}
