import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { ServerCertificate } from '../tls/self-signed-certificate.ts'

export interface HttpsServer {
  readonly server: Server
  /** Opens the port, or any free one for 0, and returns its number. */
  listen(port: number): Promise<number>
  /** Closes the port and drops all connections. */
  stop(): Promise<void>
}

/** Idle time of a connection, as in Go's servers; their clients keep connections open for the next request. */
const keepAliveTimeoutMs = 120_000

/** Returns an HTTPS server for loopback that does not listen yet. */
export function makeHttpsServer({ key, certificate }: ServerCertificate): HttpsServer {
  const connections = new Set<Socket>()
  const server = createServer({ key, cert: certificate })
  // A long watch must not end because it is silent.
  server.requestTimeout = 0
  server.keepAliveTimeout = keepAliveTimeoutMs
  server.on('tlsClientError', () => {})
  server.prependListener('connection', (socket: Socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => connections.delete(socket))
  })
  return {
    server,
    async listen(port) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          server.removeListener('error', reject)
          resolve()
        })
      })
      return (server.address() as AddressInfo).port
    },
    async stop() {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of connections) socket.destroy()
      await stopped
    },
  }
}
