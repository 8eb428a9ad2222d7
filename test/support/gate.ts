import { connect, createServer, type Server, type Socket } from 'node:net'

/** A relay to a port on loopback that can be shut in several manners. */
export interface Gate {
  readonly port: number
  /** Ends every connection with a reset. */
  cut(): void
  /** Stops existing connections from carrying data, without ending them; new ones work. */
  mute(): void
  /** Ends every connection and refuses new ones, until `open`. */
  shut(): Promise<void>
  open(): Promise<void>
  close(): Promise<void>
}

export async function openGate(targetPort: number): Promise<Gate> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const muted = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const cut = () => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }
  const pass = (near: Socket) => {
    const far = connect(targetPort, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (chunk) => {
        if (!muted.has(from) && !to.write(chunk)) from.pause()
      })
      to.on('drain', () => from.resume())
      from.on('error', () => {})
      from.on('close', () => {
        if (muted.has(from)) return
        pairs.delete(pair)
        to.destroy()
      })
    }
  }
  const open = async () => {
    server = createServer(pass)
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  }
  const shut = async () => {
    const closed = new Promise((resolve) => server?.close(resolve))
    muted.clear()
    cut()
    await closed
  }
  await open()
  return {
    get port() {
      return port
    },
    cut,
    mute() {
      for (const pair of pairs) for (const socket of pair) muted.add(socket)
    },
    shut,
    open,
    close: shut,
  }
}
