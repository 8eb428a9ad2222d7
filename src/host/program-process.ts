import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Socket } from 'node:net'
import type { RemoteExit, RemoteProcess } from '../base/remote-process.ts'
import { killProgram, startProgram } from './start-program.ts'

/** The far side answers a heartbeat every few seconds. */
const silenceLimitMs = 15_000
const silenceCheckMs = 1_000
/** What is kept of the words that tell why the program ended. */
const maxKeptLength = 4096
/** How often the pipes of an ended program are looked at, and so how long they stay open once they are read. */
const lingerMs = 1_000

/** How a program of this machine ended that stood for one on the far side. */
export interface ProgramEnd {
  readonly exitCode: number | undefined
  /** The last of what came on standard error, from here and from there. */
  readonly said: string
  /** Whether anything came from the far side's program. */
  readonly hasBegun: boolean
  /** Why kcap ended it. */
  readonly lossReason: string | undefined
  /** Whether that is its silence. */
  readonly wasSilent: boolean
}

export interface ProgramProcessOptions {
  readonly argv: readonly [string, ...string[]]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** While it is true, silence means nothing: the program asks its user. */
  readonly isWaitingForUser?: () => boolean
  /** Called with the last of what came on standard error, whenever more has come. */
  readonly onSaid?: (said: string) => void
  readonly explainEnd: (end: ProgramEnd) => Promise<RemoteExit> | RemoteExit
}

/** Runs a program of this machine that runs one on the far side: kubectl, ssh. Rejects with the system's error when it can't start. */
export async function startProgramProcess(options: ProgramProcessOptions): Promise<RemoteProcess> {
  const child = await startProgram(options.argv, options.environment)
  const { stdin, stdout, stderr } = child
  let said = ''
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-maxKeptLength)
    options.onSaid?.(said)
  })
  // Held for a reader that attaches before the event loop turns; Node discards what nobody reads when the program ends.
  stderr.pause()
  stdin.on('error', () => {})
  let lossReason: string | undefined
  let wasSilent = false
  const end = (reason: string) => {
    lossReason ??= reason
    killProgram(child)
  }
  const stopWatching = watchSilence([stdout as Socket, stderr as Socket], options.isWaitingForUser, () => {
    wasSilent = lossReason === undefined
    end(`nothing was heard for ${silenceLimitMs / 1000} s`)
  })
  child.once('exit', () => closeWhenRead(child, () => lossReason !== undefined))
  const exited = new Promise<RemoteExit>((resolve) => {
    child.once('close', (code) => {
      stopWatching()
      const hasBegun = (stdout as Socket).bytesRead > 0
      resolve(options.explainEnd({ exitCode: code ?? undefined, said, hasBegun, lossReason, wasSilent }))
    })
  })
  return { stdout, stderr, stdin, exited, kill: () => end('kcap ended it') }
}

/**
 * Closes the pipes of an ended program once its output is read, however slowly, or at once when kcap gave it up. Its end of file may
 * never come: a process that the program has started can hold on to them.
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

/** Calls `onSilent` once when nothing came for long, though somebody was ready to read. */
function watchSilence(
  outputs: readonly Socket[],
  isWaitingForUser: (() => boolean) | undefined,
  onSilent: () => void,
): () => void {
  let heardBytes = 0
  let lastHeardMs = Date.now()
  const timer = setInterval(() => {
    const bytes = outputs.reduce((sum, output) => sum + output.bytesRead, 0)
    // While the reader here is slow, nothing is taken from the program: that is no silence of the far side.
    if (bytes !== heardBytes || outputs[0]?.isPaused() === true || isWaitingForUser?.() === true)
      lastHeardMs = Date.now()
    heardBytes = bytes
    if (Date.now() - lastHeardMs <= silenceLimitMs) return
    clearInterval(timer)
    onSilent()
  }, silenceCheckMs)
  return () => clearInterval(timer)
}
