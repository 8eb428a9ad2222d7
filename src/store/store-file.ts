import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { AbortMultipartUploadCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

/** Size of the parts. Four of them are in memory at most; a part that fails is sent again by itself. */
const partBytes = 8 * 1024 * 1024
const partsAtATime = 3
/** Time to remove the parts of a failed upload. */
const abortLimitMs = 5_000

export interface StoreFileOptions {
  readonly bucket: string
  readonly key: string
  readonly signal: AbortSignal
  /** Called when a part has arrived. */
  readonly onProgress?: () => void
}

/** Digests of a file: its own, and the entity tag that S3 calculates from the MD5 digests of its parts. */
export interface FileDigests {
  readonly bytes: number
  readonly sha256: string
  readonly entityTag: string
}

/**
 * Uploads a file, and settles only when the store has confirmed its content: by the entity tag, or by the length where the bucket's encryption hides the
 * digest. The SDK tries each part three times.
 * @throws {Error} the SDK's error, or one that names a different content
 */
export async function storeFile(client: S3Client, file: string, options: StoreFileOptions): Promise<FileDigests> {
  const { bucket, key, signal, onProgress = () => {} } = options
  const digests = await digestFile(file, signal)
  const abort = new AbortController()
  const onAbort = () => abort.abort()
  signal.addEventListener('abort', onAbort)
  const body = createReadStream(file, { highWaterMark: 1024 * 1024 })
  const upload = new Upload({
    client,
    params: { Bucket: bucket, Key: key, Body: body, ContentType: 'application/vnd.tcpdump.pcap' },
    partSize: partBytes,
    queueSize: partsAtATime,
    // The SDK would report a missing right to abort instead of what failed.
    leavePartsOnError: true,
    abortController: abort,
  })
  upload.on('httpUploadProgress', onProgress)
  try {
    signal.throwIfAborted()
    const { ETag: entityTag, ServerSideEncryption: encryption } = await upload.done()
    await confirm(client, options, digests, { entityTag, isEncrypted: encryption?.startsWith('aws:kms') === true })
    return digests
  } catch (error) {
    await abortParts(client, options, upload)
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
    body.destroy()
  }
}

/** Removes the parts that arrived, which would cost money. Best effort: the server may be away, or not grant that right. */
async function abortParts(client: S3Client, { bucket, key }: StoreFileOptions, upload: Upload): Promise<void> {
  const { uploadId } = upload as unknown as { readonly uploadId?: string }
  if (uploadId === undefined) return
  const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId })
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), abortLimitMs)
  await client.send(command, { abortSignal: limit.signal }).catch(() => {})
  clearTimeout(timer)
}

async function confirm(
  client: S3Client,
  { bucket, key, signal }: StoreFileOptions,
  digests: FileDigests,
  answer: { readonly entityTag: string | undefined; readonly isEncrypted: boolean },
): Promise<void> {
  const entityTag = answer.entityTag?.replaceAll('"', '')
  if (entityTag === digests.entityTag) return
  const isDigest = entityTag !== undefined && /^[\da-f]{32}(?:-\d+)?$/.test(entityTag)
  if (isDigest && !answer.isEncrypted)
    throw new Error(`the store has another content: entity tag ${entityTag}, not ${digests.entityTag}`)
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key })
  const head = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    // Without the right to read, the signed digest of each part remains: the store has compared it.
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 403) return undefined
    throw error
  })
  if (head !== undefined && head.ContentLength !== digests.bytes)
    throw new Error(`the store has ${head.ContentLength} bytes, not ${digests.bytes}`)
}

/** Returns the digests of a file. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
export async function digestFile(file: string, signal: AbortSignal): Promise<FileDigests> {
  const sha256 = createHash('sha256')
  const parts: Buffer[] = []
  let part = createHash('md5')
  let inPart = 0
  let bytes = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) {
    sha256.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
    for (let rest = chunk as Buffer; rest.length > 0; ) {
      const piece = rest.subarray(0, partBytes - inPart)
      part.update(piece)
      inPart += piece.length
      rest = rest.subarray(piece.length)
      if (inPart < partBytes) continue
      parts.push(part.digest())
      part = createHash('md5')
      inPart = 0
    }
  }
  if (inPart > 0 || parts.length === 0) parts.push(part.digest())
  const [first = Buffer.alloc(0)] = parts
  const entityTag =
    parts.length === 1
      ? first.toString('hex')
      : `${createHash('md5').update(Buffer.concat(parts)).digest('hex')}-${parts.length}`
  return { bytes, sha256: sha256.digest('hex'), entityTag }
}
