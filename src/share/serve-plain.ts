import { createServer, type Socket } from 'node:net'
import type { ReaderList } from './reader-list.ts'
import type { ShareServer } from './share-server.ts'

/**
 * Serves the plain stream, without login and encryption, to whoever may connect: PCAP-over-IP, which Wireshark and dumpcap read with `-i TCP@HOST:PORT`.
 * https://www.wireshark.org/docs/man-pages/wireshark.html
 */
export function makePlainServer(readers: ReaderList): ShareServer {
  let readerCount = 0
  const sockets = new Map<Socket, Promise<void>>()
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    if (readers.isFull) return void socket.destroy()
    // Readers have nothing to say, and a half-closed connection is over.
    socket.resume()
    readerCount += 1
    const address =
      socket.remoteAddress === undefined ? `reader ${readerCount}` : `${socket.remoteAddress}:${socket.remotePort}`
    const served = readers.serve(address, {
      send: (piece) =>
        new Promise((resolve, reject) => {
          socket.write(piece, (error) => (error ? reject(error) : resolve()))
        }),
      onGone: (callback) => socket.once('close', callback),
    })
    sockets.set(
      socket,
      served.finally(() => {
        sockets.delete(socket)
        socket.end()
      }),
    )
  })
  return {
    server,
    finish: () => Promise.all(sockets.values()),
    destroy: () => {
      for (const socket of sockets.keys()) socket.destroy()
    },
  }
}
