import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Socket } from 'node:net'
import type { RemoteExit, RemoteProcess } from '../base/remote-process.ts'
import { watchSilence } from '../base/watch-silence.ts'
import { killProgram, startProgram } from './start-program.ts'

/** Silence after which the remote side counts as lost; it answers a heartbeat every few seconds. */
const silenceLimitMs = 15_000
/** Characters of standard error to keep for explaining why the program ended. */
const maxKeptLength = 4096
/** Interval between checks of an ended program's pipes, and so how long they stay open after they are read. */
const lingerMs = 1_000

/** How a local program ended that runs another one on the remote side. */
export interface ProgramEnd {
  readonly exitCode: number | undefined
  /** Tail of standard error, from both sides. */
  readonly said: string
  /** Whether the remote program has produced any output. */
  readonly hasBegun: boolean
  /** Why kcap killed the program; undefined if it did not. */
  readonly lossReason: string | undefined
  /** Whether kcap killed it because it was silent. */
  readonly wasSilent: boolean
}

export interface ProgramProcessOptions {
  readonly argv: readonly [string, ...string[]]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Returns whether the program is waiting for its user; silence means nothing then. */
  readonly isWaitingForUser?: () => boolean
  /** Called with the tail of standard error whenever more arrives. */
  readonly onSaid?: (said: string) => void
  readonly explainEnd: (end: ProgramEnd) => Promise<RemoteExit> | RemoteExit
}

/** Runs a local program that runs another one on the remote side: kubectl, ssh. Rejects with the system's error if it cannot start. */
export async function startProgramProcess(options: ProgramProcessOptions): Promise<RemoteProcess> {
  const child = await startProgram(options.argv, options.environment)
  const { stdin, stdout, stderr } = child
  let said = ''
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-maxKeptLength)
    options.onSaid?.(said)
  })
  // Pause for a reader that attaches before the event loop turns; Node discards unread output when the program ends.
  stderr.pause()
  stdin.on('error', () => {})
  let lossReason: string | undefined
  let wasSilent = false
  const end = (reason: string) => {
    lossReason ??= reason
    killProgram(child)
  }
  const { isWaitingForUser = () => false } = options
  const silence = watchSilence({
    limitMs: silenceLimitMs,
    isExcused: makeExcuse([stdout as Socket, stderr as Socket], isWaitingForUser),
    onSilent() {
      wasSilent = lossReason === undefined
      end(`nothing was heard for ${silenceLimitMs / 1000} s`)
    },
  })
  child.once('exit', () => closeWhenRead(child, () => lossReason !== undefined))
  const exited = new Promise<RemoteExit>((resolve) => {
    child.once('close', (code) => {
      silence.stop()
      const hasBegun = (stdout as Socket).bytesRead > 0
      resolve(options.explainEnd({ exitCode: code ?? undefined, said, hasBegun, lossReason, wasSilent }))
    })
  })
  return { stdout, stderr, stdin, exited, kill: () => end('kcap ended it') }
}

/**
 * Closes the pipes of an ended program as soon as its output is read, however slowly, or at once if kcap gave it up. End of file may never arrive: a
 * process started by the program can keep the pipes open.
 */
function closeWhenRead(child: ChildProcessWithoutNullStreams, isGivenUp: () => boolean): void {
  const { stdin, stdout, stderr } = child
  const timer = setInterval(() => {
    const isUnread = [stdout, stderr].some((output) => output.readableLength > 0 || output.isPaused())
    if (isUnread && !isGivenUp()) return
    clearInterval(timer)
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
  }, lingerMs)
  child.once('close', () => clearInterval(timer))
}

/** Returns a function that reports whether anything has arrived since its last call, or the reader is not ready. */
function makeExcuse(outputs: readonly Socket[], isWaitingForUser: () => boolean): () => boolean {
  let heardBytes = 0
  return () => {
    const bytes = outputs.reduce((sum, output) => sum + output.bytesRead, 0)
    const hasHeard = bytes !== heardBytes
    heardBytes = bytes
    // While the local reader is slow, nothing is read from the program; that is not the remote side's silence.
    return hasHeard || outputs[0]?.isPaused() === true || isWaitingForUser()
  }
}
