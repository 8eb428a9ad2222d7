import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { monotonicClock } from '../base/clock.ts'
import type { ServerCertificate } from '../tls/self-signed-certificate.ts'
import { makeAttemptLimit } from './attempt-limit.ts'
import { subprotocol } from './protocol.ts'
import type { ReaderConnection, ReaderList } from './reader-list.ts'
import type { ShareServer } from './share-server.ts'
import { watchReader } from './watch-reader.ts'

/** Time limit of a TLS handshake and of the request after it. */
const connectTimeoutMs = 10_000
/** Connections without a reader that are open at the same time; more are refused at once. */
const maxStrangers = 64
/** Readers send nothing but pongs and the end. */
const maxMessageBytes = 1_024
const maxHeaderBytes = 8 * 1_024
const refusals = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const

export interface WebSocketServerOptions {
  readonly certificate: ServerCertificate
  readonly token: string
  readonly maxReaders: number
}

/** Serves the stream over WebSocket and TLS to readers that know the token. https://www.rfc-editor.org/rfc/rfc6455 */
export function makeWebSocketServer(readers: ReaderList, options: WebSocketServerOptions): ShareServer {
  const { certificate, token, maxReaders } = options
  const limit = makeAttemptLimit(monotonicClock)
  const server = createServer({
    key: certificate.key,
    cert: certificate.certificate,
    minVersion: 'TLSv1.2',
    handshakeTimeout: connectTimeoutMs,
    headersTimeout: connectTimeoutMs,
    requestTimeout: connectTimeoutMs,
    connectionsCheckingInterval: connectTimeoutMs / 2,
    maxHeaderSize: maxHeaderBytes,
  })
  server.maxConnections = maxReaders + maxStrangers
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
  })
  const serving = new Set<Promise<void>>()

  /** Returns why a request is refused; undefined when it is not. */
  const judge = (request: IncomingMessage): keyof typeof refusals | undefined => {
    const address = request.socket.remoteAddress ?? ''
    if (limit.isBlocked(address)) return 429
    // A browser that a web page has sent here; programs send none.
    if (request.headers.origin !== undefined) return 403
    if (!isSame(request.url ?? '', `/${token}`)) {
      limit.fail(address)
      return 401
    }
    if (readers.isFull) return 503
    const offered = request.headers['sec-websocket-protocol']
    return offered === undefined || offered.split(/\s*,\s*/).includes(subprotocol) ? undefined : 400
  }
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('request', (request, response) => {
    response.writeHead(judge(request) ?? 426, { connection: 'close' }).end()
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const status = judge(request)
    if (status !== undefined) return refuse(socket, status)
    sockets.handleUpgrade(request, socket, head, (client) => {
      const address = `${request.socket.remoteAddress}:${request.socket.remotePort}`
      const served = serveClient(client, address, readers)
      serving.add(served)
      void served.finally(() => serving.delete(served))
    })
  })
  return {
    server,
    finish: () => Promise.all(serving),
    destroy: () => {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
    },
  }
}

async function serveClient(client: WebSocket, address: string, readers: ReaderList): Promise<void> {
  const watch = watchReader({
    isBehind: () => client.bufferedAmount > 0,
    ping: (onSent) => client.ping(undefined, false, onSent),
    drop: () => client.terminate(),
  })
  client.on('pong', watch.heard)
  client.on('error', () => client.terminate())
  const connection: ReaderConnection = {
    send: (piece) =>
      new Promise((resolve, reject) => {
        client.send(piece, (error) => {
          if (error) return reject(error)
          watch.progressed()
          resolve()
        })
      }),
    onGone: (callback) => client.once('close', callback),
  }
  await readers.serve(address, connection)
  watch.stop()
  if (client.readyState === WebSocket.CLOSED) return
  const closed = new Promise((resolve) => client.once('close', resolve))
  client.close(1000, 'the capture has ended')
  await closed
}

function refuse(socket: Duplex, status: keyof typeof refusals): void {
  socket.end(`HTTP/1.1 ${status} ${refusals[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Compares two texts in a time that depends on neither of them. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(left, right)
}
