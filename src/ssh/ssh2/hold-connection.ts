import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { KcapError } from '../../base/kcap-error.ts'
import { watchSilence } from '../../base/watch-silence.ts'
import type { SshConnection } from '../ssh-connection.ts'
import { connectionLost, toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost, SilenceLimits } from '../ssh-host.ts'
import { startSshProcess } from './start-ssh-process.ts'

export interface ConnectionParts {
  /** TCP socket or ProxyCommand at the bottom of the stack. */
  readonly root: Duplex
  /** Stream that the innermost client uses: the root itself, or a stream through jump hosts. */
  readonly socket: Duplex
  /** SSH clients, innermost first. */
  readonly clients: readonly [Client, ...Client[]]
  readonly silence: SilenceLimits
  readonly isUnproven: () => boolean
  readonly signal: AbortSignal
}

const goodbyeTimeoutMs = 1_000

/** Watches the parts of a connection until it ends. Its programs report the first reason for that end. */
export function holdConnection(host: ResolvedSshHost, parts: ConnectionParts): SshConnection {
  const { root, socket, clients, silence, isUnproven, signal } = parts
  const [client] = clients
  let lost: KcapError | undefined
  const lose = (state: string, cause?: unknown) => {
    lost ??= connectionLost(host, state, cause)
  }

  const rootClosed = new Promise<void>((resolve) => {
    if (root.closed) resolve()
    else root.once('close', () => resolve())
  })
  const limitMs = silence.keepaliveIntervalMs * silence.keepaliveCountMax
  // ssh2's own count sees only answers to its pings, and on a slow link those wait behind a window full of packets.
  const watch = watchSilence({
    limitMs,
    checkMs: silence.keepaliveIntervalMs,
    onSilent() {
      lose(`nothing came from the host for ${limitMs / 1000} s`)
      root.destroy()
    },
  })
  socket.on('data', watch.heard)
  const onAbort = () => {
    lose('kcap closed the connection')
    root.destroy()
  }
  signal.addEventListener('abort', onAbort, { once: true })

  function onGone(): void {
    lose('the host closed the connection')
    watch.stop()
    socket.off('data', watch.heard)
    signal.removeEventListener('abort', onAbort)
    root.destroy()
  }
  for (const one of clients) {
    one.on('error', (error) => lose(`the connection broke: ${toPlainText(error.message)}`, error))
    one.once('close', onGone)
  }
  if (root.destroyed) onGone()
  if (signal.aborted) onAbort()

  return {
    host,
    isUnproven,
    startProcess: (commandLine, startSignal) =>
      startSshProcess(commandLine, { client, host, lostBy: () => lost, signal: startSignal }),
    async close() {
      lose('kcap closed the connection')
      watch.stop()
      for (const one of clients) one.end()
      root.end(() => root.destroy())
      // A dead link accepts no farewell.
      const timer = setTimeout(() => root.destroy(), goodbyeTimeoutMs)
      await rootClosed
      clearTimeout(timer)
    },
  }
}
