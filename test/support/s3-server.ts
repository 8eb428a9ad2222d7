import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { StoreName } from '../../src/base/store-name.ts'
import { afterThisFile } from './cleanups.ts'
import { accessKey, findSignatureFault, secretKey } from './s3-signature.ts'

export interface S3Object {
  readonly body: Buffer
  readonly entityTag: string
  readonly modified: Date
}

/** Request as a test that wants another answer sees it. */
export interface S3Request {
  readonly method: string
  readonly key: string
  readonly query: URLSearchParams
}

/** A fault instead of an answer: an error of S3, a connection that ends, or one that ends after some bytes of the body. */
export type S3Fault =
  | { readonly status: number; readonly code: string }
  | 'cut'
  | { readonly cutAfter: number }
  | 'silence'
  | { readonly entityTag: string; readonly encryption?: string }

export interface S3Server {
  readonly store: StoreName
  readonly objects: Map<string, S3Object>
  readonly requests: S3Request[]
  /** Number of writes of each key. */
  readonly writes: Map<string, number>
  /** Multipart uploads that were neither completed nor aborted. */
  readonly openUploads: Map<string, Map<number, Buffer>>
  fault: (request: S3Request) => S3Fault | undefined
}

export const s3Environment = {
  AWS_ACCESS_KEY_ID: accessKey,
  AWS_SECRET_ACCESS_KEY: secretKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest()
const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const messages: Readonly<Record<string, string>> = { AccessDenied: 'Access Denied.' }

/** Starts an S3 server with the bucket `traces` in this process; it verifies each signature and digest, and fails as `fault` says. */
export async function startS3Server(tls?: { readonly key: string; readonly cert: string }): Promise<S3Server> {
  const objects = new Map<string, S3Object>()
  const openUploads = new Map<string, Map<number, Buffer>>()
  const writes = new Map<string, number>()
  const requests: S3Request[] = []
  let uploads = 0
  const put = (key: string, body: Buffer, entityTag: string) => {
    objects.set(key, { body, entityTag, modified: new Date() })
    writes.set(key, (writes.get(key) ?? 0) + 1)
  }
  const fail = (response: ServerResponse, status: number, code: string) => {
    const text = messages[code] ?? `the server says ${code}`
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`)
  }
  const statuses: Readonly<Record<string, number>> = { XAmzContentSHA256Mismatch: 400 }

  function serve(request: IncomingMessage, response: ServerResponse, body: Buffer): unknown {
    const url = new URL(request.url ?? '', 'http://server')
    const [, bucket = '', path = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? []
    const seen = { method: request.method ?? '', key: decodeURIComponent(path), query: url.searchParams }
    requests.push(seen)
    const fault = server.fault(seen)
    if (fault === 'cut') return request.socket.destroy()
    if (fault === 'silence') return undefined
    if (fault !== undefined && 'status' in fault) return fail(response, fault.status, fault.code)
    const signatureFault = findSignatureFault(request, body)
    if (signatureFault !== undefined) return fail(response, statuses[signatureFault] ?? 403, signatureFault)
    if (bucket !== 'traces') return fail(response, 404, 'NoSuchBucket')
    const more =
      fault !== undefined && 'entityTag' in fault
        ? {
            etag: `"${fault.entityTag}"`,
            ...(fault.encryption && { 'x-amz-server-side-encryption': fault.encryption }),
          }
        : {}
    const { method, key, query } = seen
    const uploadId = query.get('uploadId')
    const parts = openUploads.get(uploadId ?? '')
    if (method === 'GET' && key === '') return list(query, response)
    if (method === 'POST' && query.has('uploads')) {
      const id = `upload-${uploads++}`
      openUploads.set(id, new Map())
      return response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (uploadId !== null && parts === undefined) return fail(response, 404, 'NoSuchUpload')
    if (method === 'PUT' && parts !== undefined) {
      parts.set(Number(query.get('partNumber')), body)
      return response.writeHead(200, { etag: `"${md5(body).toString('hex')}"` }).end()
    }
    if (method === 'POST' && parts !== undefined) {
      const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part)
      const entityTag = `${md5(Buffer.concat(ordered.map(md5))).toString('hex')}-${ordered.length}`
      put(key, Buffer.concat(ordered), entityTag)
      openUploads.delete(uploadId ?? '')
      const shown = 'etag' in more ? more.etag : `"${entityTag}"`
      return response.end(
        `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>${shown}</ETag></CompleteMultipartUploadResult>`,
      )
    }
    if (method === 'DELETE' && parts !== undefined) {
      openUploads.delete(uploadId ?? '')
      return response.writeHead(204).end()
    }
    if (method === 'PUT') {
      put(key, body, md5(body).toString('hex'))
      return response.writeHead(200, { etag: `"${md5(body).toString('hex')}"`, ...more }).end()
    }
    const found = objects.get(key)
    if (found === undefined) return fail(response, 404, 'NoSuchKey')
    const ifMatch = request.headers['if-match']
    if (ifMatch !== undefined && ifMatch !== `"${found.entityTag}"`) return fail(response, 412, 'PreconditionFailed')
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const sent = found.body.subarray(from)
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      etag: `"${found.entityTag}"`,
      'content-length': sent.length,
      'content-range': `bytes ${from}-${found.body.length - 1}/${found.body.length}`,
    })
    if (method === 'HEAD') return response.end()
    if (fault === undefined || !('cutAfter' in fault)) return response.end(sent)
    return response.write(sent.subarray(0, fault.cutAfter), () => setTimeout(() => request.socket.destroy(), 20))
  }

  function list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('continuation-token') ?? ''
    const count = Number(query.get('max-keys') ?? 1000)
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, count)
    const contents = page.map((key) => {
      const { body, modified } = objects.get(key) as S3Object
      return `<Contents><Key>${escapeXml(key)}</Key><Size>${body.length}</Size><LastModified>${modified.toISOString()}</LastModified></Contents>`
    })
    const next =
      keys.length > count ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? '')}</NextContinuationToken>` : ''
    response.end(
      `<ListBucketResult>${contents.join('')}${next}<IsTruncated>${next !== ''}</IsTruncated></ListBucketResult>`,
    )
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => serve(request, response, Buffer.concat(chunks)))
    request.on('error', () => {})
  }
  const http = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  afterThisFile.add(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  const server: S3Server = {
    store: {
      bucket: 'traces',
      prefix: 'api/',
      endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
      pathStyle: true,
    },
    objects,
    requests,
    writes,
    openUploads,
    fault: () => undefined,
  }
  return server
}
