import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Socket } from 'node:net'
import type { RemoteExit, RemoteProcess } from '../base/remote-process.ts'
import { watchSilence } from '../base/watch-silence.ts'
import { killProgram, startProgram } from './start-program.ts'

/** The remote side answers a heartbeat every few seconds. */
const silenceLimitMs = 15_000
/** What is kept of the words that tell why the program ended. */
const maxKeptLength = 4096
/** How often the pipes of an ended program are looked at, and so how long they stay open once they are read. */
const lingerMs = 1_000

/** How a program of this machine ended that stood for one on the remote side. */
export interface ProgramEnd {
  readonly exitCode: number | undefined
  /** The last of what came on standard error, from here and from there. */
  readonly said: string
  /** Whether anything came from the remote side's program. */
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

/** Runs a program of this machine that runs one on the remote side: kubectl, ssh. Rejects with the system's error when it can't start. */
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

/** Whether anything has come since the last call, or nobody is ready to read. */
function makeExcuse(outputs: readonly Socket[], isWaitingForUser: () => boolean): () => boolean {
  let heardBytes = 0
  return () => {
    const bytes = outputs.reduce((sum, output) => sum + output.bytesRead, 0)
    const hasHeard = bytes !== heardBytes
    heardBytes = bytes
    // While the reader here is slow, nothing is taken from the program: that is no silence of the remote side.
    return hasHeard || outputs[0]?.isPaused() === true || isWaitingForUser()
  }
}
