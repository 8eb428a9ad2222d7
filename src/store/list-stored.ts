import type { Readable } from 'node:stream'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import type { StoreName } from '../base/store-name.ts'
import { indexSuffix, maxIndexBytes, parseIndexObject, type StoredFile } from './index-object.ts'
import { formatObjectUrl } from './store-client.ts'
import { nameStoreFault, toStoreError } from './store-error.ts'

/** Maximum number of objects of a prefix that are looked at: two for each file. */
const maxObjects = 200_000
const pageObjects = 1_000
/** Maximum number of index objects that are read at a time. Node warns of more than ten listeners of one signal. */
const readsAtATime = 8
/** Maximum difference between the clock of the store and that of a capture. */
const clockMarginMs = 3_600_000

export interface ListStoredOptions {
  /** Times that the packets must overlap, in nanoseconds since the Unix epoch. */
  readonly fromNs?: bigint | undefined
  readonly toNs?: bigint | undefined
  readonly signal: AbortSignal
}

export interface StoredList {
  /** Files of the time range, ordered by their first packet. */
  readonly files: readonly StoredFile[]
  /** Keys of capture files without a readable index object: a capture stopped between the two, or somebody else wrote them. */
  readonly unindexed: readonly string[]
  /** Whether the prefix has more objects than are looked at. */
  readonly isCut: boolean
}

interface FoundObject {
  readonly key: string
  readonly modifiedMs: number
}

/**
 * Lists the files below a prefix by their index objects. An index object that was written long before the range is not read: its packets are older.
 * @throws {KcapError} store-* — when the store refuses a request, or is away
 */
export async function listStored(
  client: S3Client,
  store: StoreName,
  { fromNs, toNs, signal }: ListStoredOptions,
): Promise<StoredList> {
  const what = `cannot list "${formatObjectUrl(store, store.prefix)}"`
  const { objects, isCut } = await listObjects(client, store, signal).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : toStoreError(store, what, error)
  })
  const captures = objects.filter(({ key }) => /\.pcap(?:ng)?$/.test(key))
  const indexes = new Map(
    objects.flatMap(({ key, modifiedMs }) =>
      key.endsWith(indexSuffix) ? [[key.slice(0, -indexSuffix.length), modifiedMs] as const] : [],
    ),
  )
  const oldestMs = fromNs === undefined ? Number.NEGATIVE_INFINITY : Number(fromNs / 1_000_000n) - clockMarginMs
  const files: StoredFile[] = []
  const unindexed: string[] = []
  const next = captures.values()
  const readNext = async () => {
    for (const { key } of next) {
      const modifiedMs = indexes.get(key)
      if (modifiedMs !== undefined && modifiedMs < oldestMs) continue
      const file = modifiedMs === undefined ? undefined : await readIndex(client, store, key, signal)
      if (file === undefined) unindexed.push(key)
      else if (overlaps(file, fromNs, toNs)) files.push(file)
    }
  }
  await Promise.all(Array.from({ length: readsAtATime }, readNext)).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : toStoreError(store, what, error)
  })
  return { files: files.sort(compareTimes), unindexed: unindexed.sort(), isCut }
}

async function listObjects(
  client: S3Client,
  { bucket, prefix }: StoreName,
  signal: AbortSignal,
): Promise<{ readonly objects: readonly FoundObject[]; readonly isCut: boolean }> {
  const objects: FoundObject[] = []
  let token: string | undefined
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: pageObjects, ContinuationToken: token }),
      { abortSignal: signal },
    )
    for (const { Key: key, LastModified: modified } of page.Contents ?? [])
      if (key !== undefined) objects.push({ key, modifiedMs: modified?.getTime() ?? Number.POSITIVE_INFINITY })
    token = page.NextContinuationToken
    if (objects.length >= maxObjects) return { objects, isCut: token !== undefined }
  } while (token !== undefined)
  return { objects, isCut: false }
}

/** Reads an index object; returns undefined when it is not one, or was removed meanwhile. */
async function readIndex(
  client: S3Client,
  { bucket }: StoreName,
  key: string,
  signal: AbortSignal,
): Promise<StoredFile | undefined> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: `${key}${indexSuffix}` })
  try {
    const { Body: body } = await client.send(command, { abortSignal: signal })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body as Readable) {
      bytes += (chunk as Buffer).length
      if (bytes > maxIndexBytes) return undefined
      chunks.push(chunk as Buffer)
    }
    return parseIndexObject(key, Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (nameStoreFault(error) === 'NoSuchKey') return undefined
    throw error
  }
}

/** Returns whether a file has packets of the range. A file without packets never does, unless everything is wanted. */
function overlaps({ firstNs, lastNs }: StoredFile, fromNs: bigint | undefined, toNs: bigint | undefined): boolean {
  if (firstNs === undefined || lastNs === undefined) return fromNs === undefined && toNs === undefined
  return (fromNs === undefined || lastNs >= fromNs) && (toNs === undefined || firstNs <= toNs)
}

function compareTimes(a: StoredFile, b: StoredFile): number {
  const [first, second] = [a.firstNs ?? -1n, b.firstNs ?? -1n]
  if (first !== second) return first < second ? -1 : 1
  return a.key < b.key ? -1 : 1
}
