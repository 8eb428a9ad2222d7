import { randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import os from 'node:os'
import type { PortShare, ShareRequest } from '../base/capture-request.ts'
import { monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import { formatAuthority, formatShareLink } from '../base/share-link.ts'
import type { Broadcast } from '../output/broadcast.ts'
import { makeServerCertificate, type ServerCertificate } from '../tls/self-signed-certificate.ts'
import { listenAtSocket } from './listen-at-socket.ts'
import { makeReaderList, type ReaderEvent, type SharedReader } from './reader-list.ts'
import { makePlainServer } from './serve-plain.ts'
import { makeWebSocketServer } from './serve-websocket.ts'
import { toShareError } from './share-error.ts'

/** 192 bits. */
const tokenBytes = 24
/** Time that readers have to take what is queued for them when the capture has ended. */
const finishMs = 5_000
/** Time for connections that were cut to notice it. */
const reportMs = 1_000

/** A capture that others can read. */
export interface Share {
  /** What a reader needs: a secret link, or the address of a plain stream. */
  readonly link: string
  /** Port; undefined for a unix socket. */
  readonly port: number | undefined
  readonly readers: readonly SharedReader[]
  /** Lets readers take what is queued, for some seconds, and closes the port. The broadcast must have ended. */
  close(): Promise<void>
}

/**
 * Opens the port of a shared capture.
 * @throws {KcapError} share-failed — when the port can't be opened, or a certificate can't be read
 */
export async function openShare(
  request: ShareRequest,
  broadcast: Broadcast,
  report: (event: ReaderEvent) => void,
): Promise<Share> {
  const readers = makeReaderList(broadcast, request.maxReaders, report)
  if (request.protocol === 'unix') {
    const plain = makePlainServer(readers)
    await listenAtSocket(plain.server, request.path)
    return { link: `unix:${request.path}`, port: undefined, readers: readers.all, close: () => closeServer(plain) }
  }
  const { host } = request
  if (request.protocol === 'tcp') {
    const plain = makePlainServer(readers)
    const port = await listen(plain.server, request)
    return { link: `tcp://${formatAuthority(host, port)}`, port, readers: readers.all, close: () => closeServer(plain) }
  }
  const token = randomBytes(tokenBytes).toString('base64url')
  const own = request.certificate && readCertificate(request.certificate)
  const certificate =
    own ?? makeServerCertificate({ dnsNames: ['localhost', os.hostname()], addresses: isIP(host) ? [host] : [] })
  const secure = makeWebSocketServer(readers, { certificate, token, maxReaders: request.maxReaders })
  const port = await listen(secure.server, request)
  const fingerprint = own === undefined ? fingerprintOf(certificate.certificate) : undefined
  const link = formatShareLink({ host: isWildcard(host) ? os.hostname() : host, port, token, fingerprint })
  return { link, port, readers: readers.all, close: () => closeServer(secure) }
}

async function closeServer({ server, finish, destroy }: ReturnType<typeof makePlainServer>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  await settleWithin(finishMs, finish())
  destroy()
  await closed
  // A reader that was cut off is reported before the capture's summary.
  await settleWithin(reportMs, finish())
}

async function settleWithin(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const stop = new AbortController()
  await Promise.race([work, monotonicClock.sleep(timeoutMs, stop.signal)])
  stop.abort()
}

async function listen(server: ReturnType<typeof makePlainServer>['server'], request: PortShare): Promise<number> {
  const { host, port } = request
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(toShareError(formatAuthority(host, port), error)))
    server.listen(port, host, resolve)
  })
  server.on('error', () => {})
  return (server.address() as AddressInfo).port
}

function readCertificate({ certificateFile, keyFile }: NonNullable<PortShare['certificate']>): ServerCertificate {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw new KcapError('share-failed', `cannot read "${file}": ${(error as Error).message}`, {
        hints: ['--serve-cert FILE --serve-key FILE'],
        cause: error,
      })
    }
  }
  const pair = { certificate: read(certificateFile), key: read(keyFile) }
  try {
    fingerprintOf(pair.certificate)
  } catch (error) {
    throw new KcapError('share-failed', `cannot use "${certificateFile}": it holds no certificate in PEM`, {
      hints: ['--serve-cert FILE --serve-key FILE'],
      cause: error,
    })
  }
  return pair
}

function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase()
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
