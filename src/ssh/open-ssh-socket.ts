import { connect, type Socket } from 'node:net'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { sshTimeout, toSshError } from './ssh-error.ts'

const slabBytes = 512 * 1024
const leastReadBytes = 64 * 1024

/**
 * Reads of up to half a MiB instead of Node's 64 KiB: fewer SSH packets are cut in two, and each cut costs ssh2 a copy. Measured with
 * aes128-gcm: 15 % less CPU. No byte of a slab is used twice, because ssh2 hands out views of what it was given.
 */
function makeReader(onData: (data: Buffer) => void) {
  let free = Buffer.alloc(0)
  return {
    buffer: () => {
      if (free.length < leastReadBytes) free = Buffer.allocUnsafeSlow(slabBytes)
      return free
    },
    callback: (length: number) => {
      const data = free.subarray(0, length)
      free = free.subarray(length)
      onData(data)
      return true
    },
  }
}

/** A TCP connection to the host within its connect timeout; paused. */
export function openSshSocket(host: ResolvedSshHost, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Window adjustments and keepalives are small: they must not wait for more data.
    const onread = makeReader((data) => socket.emit('data', data))
    const socket: Socket = connect({ host: host.host, port: host.port, noDelay: true, onread })
    const timer = setTimeout(
      () => settle(sshTimeout(host, `no answer within ${host.connectTimeoutMs / 1000} s`)),
      host.connectTimeoutMs,
    )
    const onAbort = () => settle(signal.reason)
    const onError = (error: Error) => settle(toSshError(error, host))
    const onConnect = () => {
      socket.pause()
      settle()
    }

    function settle(failure?: unknown): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      // From here on ssh2 listens too; an error in between must not end the process.
      socket
        .off('connect', onConnect)
        .off('error', onError)
        .on('error', () => {})
      if (failure === undefined) resolve(socket)
      else {
        socket.destroy()
        reject(failure)
      }
    }

    socket.once('connect', onConnect).once('error', onError)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}
