import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { type Clock, monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { StoreName } from '../base/store-name.ts'
import type { StoredFile } from './index-object.ts'
import { formatObjectUrl } from './store-client.ts'
import { readHttpStatus, toStoreError } from './store-error.ts'

/** Maximum number of attempts that bring no byte. */
const maxAttempts = 8
const firstPauseMs = 500

export interface ReadStoredOptions {
  /** Offset of the first byte; default: 0. */
  readonly fromByte?: number
  readonly signal: AbortSignal
  readonly clock?: Clock
}

/**
 * Yields the bytes of a stored file from an offset. After a broken connection it requests the rest, eight times at most without a byte in between, which
 * take a minute, and only while the object is the same. A whole file is compared with its SHA-256.
 * @throws {KcapError} store-* — when the store refuses the request, stays away, or has another content
 */
export async function* readStored(
  client: S3Client,
  store: StoreName,
  { key, bytes, sha256 }: Pick<StoredFile, 'key' | 'bytes' | 'sha256'>,
  { fromByte = 0, signal, clock = monotonicClock }: ReadStoredOptions,
): AsyncGenerator<Buffer> {
  const what = `cannot read "${formatObjectUrl(store, key)}"`
  const fail = (state: string) =>
    new KcapError('store-failed', `${what}: ${state}`, {
      hints: ['list the files again: the object was replaced'],
    })
  const hash = createHash('sha256')
  let at = fromByte
  let entityTag: string | undefined
  let attempts = 0
  while (at < bytes) {
    try {
      const answer = await client.send(
        new GetObjectCommand({ Bucket: store.bucket, Key: key, Range: `bytes=${at}-`, IfMatch: entityTag }),
        { abortSignal: signal },
      )
      const total = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? Number.NaN)
      if (total !== bytes)
        throw fail(`it has ${Number.isNaN(total) ? 'an unknown number of' : total} bytes, not ${bytes}`)
      entityTag = answer.ETag
      for await (const chunk of answer.Body as Readable) {
        const piece = chunk as Buffer
        if (at + piece.length > bytes) throw fail('the server sends more bytes than the file has')
        at += piece.length
        attempts = 0
        hash.update(piece)
        yield piece
      }
      if (at < bytes) throw Object.assign(new Error('the connection ended early'), { code: 'ECONNRESET' })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (readHttpStatus(error) === 412) throw fail('it has another content than at the beginning')
      attempts += 1
      if (error instanceof KcapError || !mayRetry(error) || attempts >= maxAttempts)
        throw toStoreError(store, what, error)
      await clock.sleep(firstPauseMs * 2 ** (attempts - 1), signal)
    }
  }
  if (fromByte === 0 && hash.digest('hex') !== sha256) throw fail('its SHA-256 is not that of its index object')
}

/** Returns whether a request may succeed later: the server was away, or the connection broke. */
function mayRetry(error: unknown): boolean {
  const status = readHttpStatus(error)
  return status === undefined || status >= 500 || status === 429 || status === 200 || status === 206
}
