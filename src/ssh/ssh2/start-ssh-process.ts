import { constants } from 'node:os'
import { type Readable, Writable } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { monotonicClock } from '../../base/clock.ts'
import { KcapError } from '../../base/kcap-error.ts'
import type { RemoteExit, RemoteProcess } from '../../base/remote-process.ts'
import { connectionLost, sshHostLabel, sshTimeout, toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { widenWindow } from './widen-window.ts'

export interface SshProcessOptions {
  readonly client: Client
  readonly host: ResolvedSshHost
  /** Returns why the connection was lost, once it is. */
  readonly lostBy: () => KcapError | undefined
  /** Signal that aborts the start only. */
  readonly signal: AbortSignal
}

/** Time limit for a start. sshd first opens the account's session, which may involve other machines. */
const startTimeoutMs = 30_000
/** Time limit for closing a channel after the exit status. It stays open while a child of the program holds its output. */
const closeTimeoutMs = 15_000

/**
 * Runs one command line in the remote login shell. stdout is ssh2's channel itself, with no stream in between. Rejects with the signal's reason when
 * aborted.
 * @throws {KcapError} ssh-failed, ssh-timeout, connection-lost — when the program cannot start
 */
export function startSshProcess(commandLine: string, options: SshProcessOptions): Promise<RemoteProcess> {
  const { client, host, lostBy, signal } = options
  return new Promise((resolve, reject) => {
    let isGivenUp = false
    const giveUp = (reason: unknown) => {
      isGivenUp = true
      settle()
      reject(reason)
    }
    const onAbort = () => giveUp(signal.reason)
    const timer = setTimeout(
      () => giveUp(sshTimeout(host, `it has not started the program within ${startTimeoutMs / 1000} s`)),
      startTimeoutMs,
    )
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const refuse = (error: unknown) => giveUp(lostBy() ?? cannotStart(host, error))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      client.exec(commandLine, { env: host.sentEnvironment }, (error, channel) => {
        if (error) return refuse(error)
        settle()
        // The exit status may be in the very next bytes, so listen before this callback returns.
        widenWindow(client, channel)
        const process = toRemoteProcess(channel, host, lostBy)
        if (isGivenUp) process.kill()
        else resolve(process)
      })
    } catch (error) {
      refuse(error)
    }
  })
}

function cannotStart(host: ResolvedSshHost, cause: unknown): KcapError {
  const state = toPlainText(cause instanceof Error ? cause.message : String(cause))
  return new KcapError('ssh-failed', `cannot start a program on "${sshHostLabel(host)}": ${state}`, {
    hints: ['the account may be limited to a fixed command or to file transfer'],
    cause,
  })
}

function toRemoteProcess(
  channel: ClientChannel,
  host: ResolvedSshHost,
  lostBy: () => KcapError | undefined,
): RemoteProcess {
  keepWindowClosed(channel)
  let exitCode: number | undefined
  let end = () => {}
  const gone = new Promise<void>((resolve) => {
    end = resolve
  })
  channel.once('close', () => end())
  channel.once('exit', (code: number | null, signalName?: string) => {
    exitCode = toExitCode(code, signalName)
    void gone.then(closeWhenSilent(channel, kill))
  })
  // Data that arrives after kill() would raise an error on the stream.
  channel.stderr.on('error', () => {})
  let killed = false

  function kill(): void {
    if (killed) return
    killed = true
    channel.close()
    // The host's answer may never come, so end both outputs now, read or not.
    for (const output of [channel, channel.stderr]) {
      output.push(null)
      if (output.readableFlowing === null && output.listenerCount('readable') === 0) output.resume()
    }
    end()
  }

  async function waitForExit(): Promise<RemoteExit> {
    await Promise.all([gone, ended(channel), ended(channel.stderr)])
    if (exitCode !== undefined) return { kind: 'exited', code: exitCode }
    const state = killed ? 'kcap ended the program itself' : 'the host closed the channel'
    return { kind: 'lost', error: lostBy() ?? connectionLost(host, state) }
  }

  return {
    stdout: channel,
    stderr: channel.stderr,
    stdin: openStdin(channel, gone),
    exited: waitForExit(),
    kill,
  }
}

/** Returns the exit code that a shell would report, including for a program killed by a signal; 255 for an impossible number. */
function toExitCode(code: number | null, signalName: string | undefined): number {
  const exitCode = code ?? 128 + (constants.signals[signalName as NodeJS.Signals] ?? 0)
  return exitCode <= 255 ? exitCode : 255
}

/** Calls `close` when the reader has consumed everything and nothing has arrived for `closeTimeoutMs`. Returns a function that cancels this. */
function closeWhenSilent(channel: ClientChannel, close: () => void): () => void {
  const { push } = channel
  let heardMs = monotonicClock.nowMs()
  channel.push = (chunk, encoding) => {
    heardMs = monotonicClock.nowMs()
    return push.call(channel, chunk, encoding)
  }
  const timer = setInterval(() => {
    if (channel.readableLength > 0) heardMs = monotonicClock.nowMs()
    if (monotonicClock.nowMs() - heardMs >= closeTimeoutMs) close()
  }, 1_000)
  return () => clearInterval(timer)
}

function ended(output: Readable): Promise<void> {
  return new Promise((resolve) => {
    output.once('end', () => resolve())
  })
}

/**
 * Keeps the channel's window closed while stdout is full. Both outputs share one window, and ssh2 reopens it whenever anything arrives on stderr,
 * even if stdout is full. With a remote side that reports on stderr every second, a slow packet reader would buffer 2 MiB more each time. While
 * stdout is full, stderr therefore claims to be full too; reading stdout reopens the window.
 */
function keepWindowClosed(channel: ClientChannel): void {
  const { stderr } = channel
  const { push, _read: read } = stderr
  const isOpen = () => channel.readableLength < channel.readableHighWaterMark
  stderr.push = (chunk, encoding) => push.call(stderr, chunk, encoding) && isOpen()
  stderr._read = (size) => {
    if (isOpen()) read.call(stderr, size)
  }
}

/** Opens the channel's standard input without its quirks: ssh2 never calls back for a write after the end, and destroys the channel for it. */
function openStdin(channel: ClientChannel, gone: Promise<void>): Writable {
  let open = true
  let pending: (() => void) | undefined
  const settle = () => {
    const callback = pending
    pending = undefined
    callback?.()
  }
  void gone.then(() => {
    open = false
    settle()
  })
  const stdin = new Writable({
    write(chunk, _encoding, callback) {
      pending = callback
      if (open && channel.writable) channel.write(chunk, settle)
      else settle()
    },
    final(callback) {
      if (open && channel.writable) channel.end()
      callback()
    },
  })
  return stdin.on('error', () => {})
}
