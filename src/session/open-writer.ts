import type { CaptureRequest } from '../base/capture-request.ts'
import type { ByteOutput } from '../output/byte-output.ts'
import { openOutput } from '../output/open-output.ts'
import { makeRingFiles } from '../output/ring-files.ts'
import { type CaptureWriter, makePcapngWriter, makePcapWriter } from './capture-writer.ts'
import { describeSection, describeTargets } from './describe-capture.ts'
import { makeRotatingWriter } from './rotating-writer.ts'

// Tested by test/session/rotation.test.ts.

/** Open output of a request, and the writer for its format. */
export interface OpenWriter {
  readonly writer: CaptureWriter
  /** Name for people: the path, or what reads the stream. */
  readonly name: string
  readonly readerGone: Promise<void>
  readonly isLive: boolean
  /** Files of the output, the oldest first; none when the packets go elsewhere. */
  readonly files: readonly string[]
  /**
   * Closes the output.
   * @throws {KcapError} output-* — when that fails
   */
  close(): Promise<void>
}

/**
 * Opens the output of a request. Calls `tell` when it has to wait for a reader.
 * @throws {KcapError} output-* — when it can't be opened; nothing has been started anywhere by then
 */
export async function openWriter(
  request: CaptureRequest,
  signal: AbortSignal,
  tell: (event: string) => void = () => {},
): Promise<OpenWriter> {
  const makeWriter = (output: ByteOutput) =>
    request.format === 'pcap' ? makePcapWriter(output) : makePcapngWriter(output, describeSection(request))
  if (request.rotation !== undefined && request.output.kind === 'file') return await openRing(request, makeWriter)
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

async function openRing(
  request: CaptureRequest,
  makeWriter: (output: ByteOutput) => CaptureWriter,
): Promise<OpenWriter> {
  const { path: file, overwrite } = request.output as CaptureRequest['output'] & { readonly kind: 'file' }
  const ring = makeRingFiles({ file, overwrite, maxFiles: request.rotation?.maxFiles })
  let output: ByteOutput | undefined
  const openNext = async () => {
    await output?.close()
    output = await ring.openNext()
    return makeWriter(output)
  }
  const writer = await makeRotatingWriter(request.rotation ?? {}, openNext)
  return {
    writer,
    get name() {
      const [first = file, ...more] = ring.paths
      return more.length === 0 ? first : `${first} to ${more.at(-1)} (${ring.paths.length} files)`
    },
    readerGone: new Promise(() => {}),
    isLive: false,
    files: ring.paths,
    close: async () => await output?.close(),
  }
}
