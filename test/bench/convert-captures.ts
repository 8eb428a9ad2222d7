import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import type { PacketBatch } from '../../src/base/packet.ts'
import type { PacketSource } from '../../src/base/packet-source.ts'
import { openFileOutput } from '../../src/output/file-output.ts'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { type MergeInput, makePacketMerger } from '../../src/packets/merge-packets.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'

/**
 * OUT IN...: sends files through reader, merger and writer as a capture does, except for time: every source has a packet or has ended,
 * so that nothing waits for a clock.
 */
const chunkBytes = 256 * 1024

interface Source {
  readonly batches: AsyncIterator<readonly PacketBatch[]>
  readonly input: MergeInput
  /** Packets in the merger. */
  waiting: number
  isEnded: boolean
}

/** Reads bytes on the thread that merges them, as for a socket. */
function* readChunks(file: string): Generator<Buffer> {
  const descriptor = openSync(file, 'r')
  // Batches refer to their chunk; but the next is asked for when all packets of the last are written.
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  for (;;) {
    const length = readSync(descriptor, buffer)
    if (length === 0) break
    yield buffer.subarray(0, length)
  }
  closeSync(descriptor)
}

function openCapture(file: string): PacketSource {
  const reader = makeCaptureReader(file)
  const chunks = readChunks(file)
  const firstBatches = reader.push(chunks.next().value ?? Buffer.alloc(0))
  if (reader.header === undefined) throw reader.failure ?? new Error(`${file} has no header`)
  async function* readBatches() {
    yield firstBatches
    for (const chunk of chunks) yield reader.push(chunk)
    if (reader.failure !== undefined) throw reader.failure
  }
  const statistics = { captured: undefined, received: undefined, dropped: undefined }
  return {
    name: path.basename(file),
    interfaceName: 'file',
    header: reader.header,
    command: '',
    batches: readBatches(),
    ended: Promise.resolve({ statistics, error: undefined }),
    stop() {},
    kill() {},
  }
}

async function fill(source: Source): Promise<void> {
  while (source.waiting === 0 && !source.isEnded) {
    const { done, value } = await source.batches.next()
    if (done === true) {
      source.isEnded = true
      source.input.end()
    } else
      for (const batch of value) {
        source.input.push(batch, 0)
        source.waiting += batch.count
      }
  }
}

/** Converts within a function, because a module's own variables are looked up at each use, for each packet. */
async function convert(outputFile: string, inputFiles: readonly string[]): Promise<void> {
  const output = await openFileOutput(outputFile, { overwrite: true })
  const writer = makePcapngWriter(output, { application: 'kcap', os: process.platform, comment: '', filter: '' })
  const merger = makePacketMerger({ handOverMs: 0, windowMs: 0, maxQueuedBytes: Number.POSITIVE_INFINITY })
  const sources: Source[] = []
  for (const file of inputFiles) {
    const capture = openCapture(file)
    const input = merger.addSource(
      await writer.addInterface({ header: capture.header, name: capture.name, description: file }),
    )
    sources.push({ batches: capture.batches[Symbol.asyncIterator](), input, waiting: 0, isEnded: false })
  }
  for (;;) {
    for (const source of sources) if (source.waiting === 0 && !source.isEnded) await fill(source)
    const runs = merger.take(Number.NEGATIVE_INFINITY)
    if (runs.length === 0) break
    for (const { interfaceId, from, to } of runs) (sources[interfaceId] as Source).waiting -= to - from
    const written = writer.writeRuns(runs)
    if (typeof written !== 'boolean') await written
  }
  await writer.finish([])
  await output.close()
}

const [outputFile = '', ...inputFiles] = process.argv.slice(2)
await convert(outputFile, inputFiles)
