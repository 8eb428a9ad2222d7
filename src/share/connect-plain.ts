import { connect, type Socket } from 'node:net'
import type { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import { readChunks } from '../base/read-chunks.ts'
import type { StreamName } from '../base/target.ts'
import type { StreamConnection } from './stream-connection.ts'
import { streamLost, toStreamError } from './stream-error.ts'

const connectTimeoutMs = 15_000
/** Time after which TCP asks a silent server whether it is still there. The protocol itself has no means to. */
const keepAliveMs = 15_000

/**
 * Connects to a server of PCAP-over-IP, or to one at a unix socket: it sends a capture to whoever connects, and closes the connection at its end.
 * @throws {KcapError} stream-unreachable — when nothing listens there
 */
export async function connectPlain(
  name: Extract<StreamName, { protocol: 'tcp' | 'unix' }>,
  signal: AbortSignal,
): Promise<StreamConnection> {
  const { signal: deadline, unlink } = linkSignals(signal, AbortSignal.timeout(connectTimeoutMs))
  const socket = connect(
    name.protocol === 'unix'
      ? { path: name.path }
      : { host: name.host, port: name.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
  )
  const abort = () => socket.destroy(deadline.reason)
  deadline.addEventListener('abort', abort, { once: true })
  try {
    if (deadline.aborted) abort()
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } catch (error) {
    socket.on('error', () => {})
    signal.throwIfAborted()
    throw toStreamError(
      name,
      deadline.aborted ? Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }) : (error as Error),
    )
  } finally {
    deadline.removeEventListener('abort', abort)
    unlink()
  }
  return wrapSocket(socket, name)
}

function wrapSocket(socket: Socket, name: StreamName): StreamConnection {
  let isClosing = false
  let failure: KcapError | undefined
  socket.removeAllListeners('error')
  socket.on('error', (error) => {
    failure = streamLost(name, error.message)
  })
  const ended = new Promise<KcapError | undefined>((resolve) => {
    socket.once('close', () => resolve(isClosing ? undefined : failure))
  })
  return {
    chunks: readChunks(socket),
    ended,
    close() {
      isClosing = true
      socket.destroy()
    },
  }
}
