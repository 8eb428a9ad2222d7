import { hostname } from 'node:os'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { type Clock, monotonicClock } from '../base/clock.ts'
import type { StoreName } from '../base/store-name.ts'
import { version } from '../base/version.ts'
import { makeObjectKey } from './capture-name.ts'
import { formatIndexObject, indexSuffix, type StoredCapture } from './index-object.ts'
import { formatObjectUrl, openStoreClient, type StoreClientOptions } from './store-client.ts'
import { isSlowDown, nameStoreFault, readHttpStatus, toStoreError } from './store-error.ts'
import { storeFile } from './store-file.ts'
import { startUploadQueue, type UploadQueue } from './upload-queue.ts'

/** Time for the check at the start of a capture. */
const checkMs = 20_000

export interface Upload {
  readonly queue: UploadQueue
  /** URL of a file in the store, for people; '' for the folder of all. */
  urlOf(file: string): string
  close(): void
}

export interface UploadContext extends StoreClientOptions {
  /** Name that the keys of the capture have in common. */
  readonly name: string
  readonly targets: string
  /** Kubernetes node, if known. */
  readonly node?: string | undefined
  /** Whether a store that is away is no error, because the capture continues an earlier one. */
  readonly mayBeAway: boolean
  readonly signal: AbortSignal
  readonly tell: (event: string) => void
  readonly onStored: (file: string) => Promise<void>
  readonly clock?: Clock
}

/**
 * Opens a store for the files of a capture. Writes an object that announces the capture, so that wrong credentials and a missing bucket are known before
 * the capture; that needs no other right than the upload itself.
 * @throws {KcapError} store-* — when the store refuses the object, or is away
 */
export async function openUpload(store: StoreName, context: UploadContext): Promise<Upload> {
  const { name, targets, node, signal, tell, clock = monotonicClock } = context
  const client = await openStoreClient(store, context)
  const capture: StoredCapture = { name, version, host: hostname(), node, targets }
  const put = async (key: string, text: string, signal: AbortSignal) => {
    const body = { Bucket: store.bucket, Key: key, Body: text, ContentType: 'application/json' }
    await client.send(new PutObjectCommand(body), { abortSignal: signal })
  }
  const keyOf = (file: string) => makeObjectKey(store.prefix, name, file)
  try {
    const announcement = {
      kcap: version,
      capture: name,
      host: capture.host,
      targets,
      started: new Date().toISOString(),
    }
    await withLimit(signal, (limit) => put(`${store.prefix}${name}.json`, `${JSON.stringify(announcement)}\n`, limit))
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const isTransient = isAway(error)
    const fault = toStoreError(store, `cannot store files in "${formatObjectUrl(store, store.prefix)}"`, error)
    if (!(context.mayBeAway && isTransient)) {
      client.destroy()
      throw fault
    }
    tell(`${fault.message}; kcap keeps trying`)
  }
  const queue = startUploadQueue({
    async store(file, signal, onProgress) {
      const key = keyOf(file.path)
      const { sha256, bytes } = await storeFile(client, file.path, { bucket: store.bucket, key, signal, onProgress })
      const figures = { ...file.figures, bytes }
      await put(
        `${key}${indexSuffix}`,
        formatIndexObject(key, figures, { sha256, lostBefore: file.lostBefore, capture }),
        signal,
      )
    },
    toError: (error, file) => toStoreError(store, `cannot store "${formatObjectUrl(store, keyOf(file))}"`, error),
    isSlowDown,
    onStored: context.onStored,
    tell,
    clock,
  })
  return {
    queue,
    urlOf: (file) => formatObjectUrl(store, file === '' ? store.prefix : keyOf(file)),
    close: () => client.destroy(),
  }
}

/** Returns whether the same request may succeed later. */
function isAway(error: unknown): boolean {
  const status = readHttpStatus(error)
  return status === undefined ? /^E[A-Z]+|Timeout|Abort/.test(nameStoreFault(error)) : status >= 500 || status === 429
}

/** Runs a request within the time of the check. */
async function withLimit(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const limit = new AbortController()
  const late = Object.assign(new Error(`no answer within ${checkMs / 1000} s`), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => limit.abort(late), checkMs)
  try {
    await work(AbortSignal.any([signal, limit.signal]))
  } catch (error) {
    throw limit.signal.aborted && !signal.aborted ? late : error
  } finally {
    clearTimeout(timer)
  }
}
