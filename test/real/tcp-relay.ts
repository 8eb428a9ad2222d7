import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TcpRelay {
  readonly port: number
  /** Carries nothing any more, and ends nothing: what a cut cable does. */
  cut(): void
  close(): Promise<void>
}

export interface TcpRelayOptions {
  /** 0: any that is free. */
  readonly port?: number
  /** Delay of the target's first answer. */
  readonly firstAnswerMs?: number
  /** Bandwidth in each direction of each connection. */
  readonly bytesPerSecond?: number
}

/** Interval at which a slow link carries data. */
const tickMs = 50

/** A port forward to another port of loopback, as a NAT is one. */
export async function openTcpRelay(targetPort: number, options: TcpRelayOptions = {}): Promise<TcpRelay> {
  const { port = 0, firstAnswerMs = 0, bytesPerSecond } = options
  const sockets = new Set<Socket>()
  let isCut = false

  async function carry(from: Socket, to: Socket): Promise<void> {
    if (bytesPerSecond === undefined) return void from.pipe(to)
    const tickBytes = Math.ceil((bytesPerSecond * tickMs) / 1000)
    let dueMs = performance.now()
    for await (const chunk of from as AsyncIterable<Buffer>)
      for (let at = 0; at < chunk.length; at += tickBytes) {
        const piece = chunk.subarray(at, at + tickBytes)
        dueMs = Math.max(dueMs, performance.now() - tickMs) + (piece.length / bytesPerSecond) * 1000
        await sleep(Math.max(dueMs - performance.now(), 0))
        if (isCut) return await new Promise(() => {})
        to.write(piece)
      }
    to.end()
  }

  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          // What a slow link still holds arrives before the end.
          if (!isCut && bytesPerSecond === undefined) other.destroy()
        })
    }
    carry(client, target).catch(() => target.destroy())
    const timer = setTimeout(() => void carry(target, client).catch(() => client.destroy()), firstAnswerMs)
    client.on('close', () => clearTimeout(timer))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    cut() {
      isCut = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
