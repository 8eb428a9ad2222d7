import { createReadStream } from 'node:fs'
import type { FileFigures } from '../base/file-figures.ts'
import { makeCaptureReader } from '../packets/capture-reader.ts'
import { makeTimeSpan } from './time-span.ts'

/**
 * Returns the contents of a capture file that an earlier run wrote, as far as the file shows them.
 * @throws {Error} the system's error
 */
export async function readFigures(file: string): Promise<FileFigures> {
  const reader = makeCaptureReader(file)
  const span = makeTimeSpan()
  let packets = 0
  let bytes = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    bytes += (chunk as Buffer).length
    for (const batch of reader.push(chunk as Buffer)) {
      packets += batch.count
      span.note({ batch, from: 0, to: batch.count })
    }
  }
  return { packets, bytes, firstNs: span.firstNs, lastNs: span.lastNs, interfaces: [], dropped: undefined }
}
