import type { CaptureRequest } from '../base/capture-request.ts'
import type { ByteOutput } from '../output/byte-output.ts'
import { openOutput } from '../output/open-output.ts'
import { type CaptureWriter, makePcapngWriter, makePcapWriter } from './capture-writer.ts'
import { describeSection, describeTargets } from './describe-capture.ts'
import { openRing } from './open-ring.ts'
import type { OpenWriter } from './opened-writer.ts'

// Tested by test/session/rotation.test.ts.

/**
 * Opens the output of a request. Calls `tell` when it has to wait for a reader.
 * @throws {KcapError} output-* — when it can't be opened; nothing has been started anywhere by then
 * @throws {KcapError} store-* — when the object store refuses its files
 */
export async function openWriter(
  request: CaptureRequest,
  signal: AbortSignal,
  tell: (event: string) => void = () => {},
): Promise<OpenWriter> {
  const makeWriter = (output: ByteOutput, note?: string): CaptureWriter => {
    if (request.format === 'pcap') return makePcapWriter(output)
    const section = describeSection(request)
    return makePcapngWriter(
      output,
      note === undefined ? section : { ...section, comment: `${section.comment}\n${note}` },
    )
  }
  const { output: name, rotation } = request
  if (rotation !== undefined && (name.kind === 'file' || name.kind === 'store'))
    return await openRing(request, name, makeWriter, { signal, tell })
  const output = await openOutput(request.output, describeTargets(request), signal, tell)
  return {
    writer: makeWriter(output),
    name: output.name,
    readerGone: output.readerGone,
    isLive: output.isLive,
    files: request.output.kind === 'file' ? [request.output.path] : [],
    close: output.close,
  }
}
