import { connect, isIP, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { KcapError } from '../../base/kcap-error.ts'
import { sshTimeout, sshUnreachable, toSshError } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'

const slabBytes = 512 * 1024
const leastReadBytes = 64 * 1024

/**
 * Returns a reader with buffers of up to half a MiB instead of Node's 64 KiB. Fewer SSH packets are split, and each split costs ssh2 a copy. Measured
 * with aes128-gcm: 15 % less CPU. No byte of a slab is used twice, because ssh2 hands out views of its input.
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

const retryPauseMs = 1_000

/**
 * Opens a paused TCP connection to the host. Makes as many attempts as ConnectionAttempts allows (sshconnect.c, ssh_connect_direct).
 * @throws {KcapError} ssh-unreachable, ssh-timeout — when the last attempt fails
 */
export async function openSshSocket(host: ResolvedSshHost, signal: AbortSignal): Promise<Socket> {
  const family = isIP(host.host)
  // Node ignores the family when there is no name to look up.
  if (family !== 0 && family !== (host.addressFamily ?? family))
    throw sshUnreachable(
      host,
      `it is no IPv${host.addressFamily} address, and the AddressFamily of your ssh config asks for one`,
    )
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryToConnect(host, signal)
    } catch (error) {
      if (!(error instanceof KcapError) || attempt >= host.connectionAttempts) throw error
      await sleep(retryPauseMs, undefined, { signal })
    }
  }
}

function tryToConnect(host: ResolvedSshHost, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Window adjustments and keepalives are small and must not wait for more data.
    const onread = makeReader((data) => socket.emit('data', data))
    const socket: Socket = connect({
      host: host.host,
      port: host.port,
      family: host.addressFamily ?? 0,
      noDelay: true,
      onread,
    })
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
