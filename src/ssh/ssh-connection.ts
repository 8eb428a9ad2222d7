import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { KcapError } from '../base/kcap-error.ts'
import type { RemoteProcess } from '../base/remote-process.ts'
import { watchSilence } from '../base/watch-silence.ts'
import type { ResolvedSshHost, SilenceLimits } from './resolve-ssh-host.ts'
import { connectionLost, toPlainText } from './ssh-error.ts'
import { startSshProcess } from './start-ssh-process.ts'

/** A logged-in connection; several programs may run over it at once. */
export interface SshConnection {
  readonly host: ResolvedSshHost
  /** Reports whether the host has shown a wrong key, which only `StrictHostKeyChecking no` let pass: no password may be sent to it. */
  isUnproven(): boolean
  /** Runs one command line, already quoted for the login shell of the remote side. The signal aborts the start only. */
  startProcess(commandLine: string, signal: AbortSignal): Promise<RemoteProcess>
  /** Ends the connection and what runs over it; settles when its socket is closed. */
  close(): Promise<void>
}

export interface ConnectionParts {
  /** The TCP socket, or the ProxyCommand, below everything. */
  readonly root: Duplex
  /** What the innermost client speaks over: the root itself, or a stream through jump hosts. */
  readonly socket: Duplex
  /** Innermost first. */
  readonly clients: readonly [Client, ...Client[]]
  readonly silence: SilenceLimits
  readonly isUnproven: () => boolean
  readonly signal: AbortSignal
}

const goodbyeTimeoutMs = 1_000

/** Watches over the parts of a connection until it ends. The first reason to end is the one that its programs report. */
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
  // Not ssh2's own count, which knows answers to its pings only: on a slow link those wait behind a window full of packets.
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
      // A dead link takes no goodbye.
      const timer = setTimeout(() => root.destroy(), goodbyeTimeoutMs)
      await rootClosed
      clearTimeout(timer)
    },
  }
}
