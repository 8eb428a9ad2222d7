import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Relay {
  readonly port: number
  /** Number of bytes from the server to its clients. */
  bytesDown(): number
  /** Resets every connection; new ones are accepted. */
  cut(): void
  close(): Promise<void>
}

/** A link is not exact to less than this; a pause of the sender is not made up for beyond it. */
const burstMs = 20
const pieceBytes = 8 * 1024

/** A link to a port on loopback, which counts what comes from there, and lets no more through than `bytesPerSecond`. */
export async function openRelay(targetPort: number, bytesPerSecond = Number.POSITIVE_INFINITY): Promise<Relay> {
  const sockets = new Set<Socket>()
  let bytesDown = 0

  async function carryDown(target: Socket, client: Socket): Promise<void> {
    let dueMs = performance.now()
    for await (const chunk of target as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        const piece = chunk.subarray(at, at + pieceBytes)
        dueMs = Math.max(dueMs, performance.now() - burstMs) + (piece.length / bytesPerSecond) * 1000
        const waitMs = dueMs - performance.now()
        if (waitMs > 1) await sleep(waitMs)
        bytesDown += piece.length
        if (!client.write(piece)) await new Promise((resolve) => client.once('drain', resolve).once('close', resolve))
      }
    }
    client.end()
  }

  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.pipe(target)
    client.on('close', () => target.destroy())
    carryDown(target, client).catch(() => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    bytesDown: () => bytesDown,
    cut() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
