import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import type { StoredStreamName } from '../base/target.ts'
import { selectBlocks } from '../packets/wanted-blocks.ts'
import { openStoreReader } from '../store/open-reader.ts'
import type { StoreClientOptions } from '../store/store-client.ts'
import type { StreamConnection } from './stream-connection.ts'

/**
 * Reads the files of a capture from object storage, one after the other.
 * @throws {KcapError} store-* — when the store can't be opened
 */
export async function readStoredStream(
  { store, files, part }: StoredStreamName,
  onProgress: (readBytes: number, totalBytes: number) => void = () => {},
  options: StoreClientOptions = {},
): Promise<StreamConnection> {
  const reader = await openStoreReader(store, options)
  const over = new AbortController()
  const range = { fromMs: part.fromMs ?? 0, toMs: part.toMs ?? Number.POSITIVE_INFINITY }
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let readBytes = 0
  let failure: KcapError | undefined
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })

  async function* count(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      readBytes += chunk.length
      onProgress(readBytes, totalBytes)
      yield chunk
    }
  }

  async function* readAll(): AsyncGenerator<readonly Buffer[]> {
    try {
      for (const file of files) {
        const chunks = count(reader.read(file, { signal: over.signal }))
        for await (const bytes of selectBlocks(chunks, range)) yield [bytes]
        if (over.signal.aborted) return
      }
    } catch (error) {
      if (!over.signal.aborted) failure = toKcapError(error)
    } finally {
      reader.close()
      finish()
    }
  }

  return {
    chunks: readAll(),
    ended: finished.then(() => failure),
    close: () => over.abort(),
  }
}
