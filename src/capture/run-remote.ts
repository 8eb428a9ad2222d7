import type { Readable } from 'node:stream'
import { KcapError } from '../base/kcap-error.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'
import { textAfterMark } from './read-output.ts'

/** Time limit from the start of a program to its end. */
const timeoutMs = 30_000
/** Maximum length of each output. */
const maxTextLength = 100_000

export interface RemoteRun {
  /** Ends the program too. */
  readonly signal: AbortSignal
}

export interface RemoteAnswer {
  /** Beginning of the output. */
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/**
 * Runs a program on the remote host and waits until it ends by itself.
 * @throws {KcapError} capture-program-failed — when it does not end in time
 * @throws {KcapError} any code — when it can't be run
 */
export async function runRemote(
  start: StartRemoteProcess,
  argv: readonly string[],
  { signal }: RemoteRun,
): Promise<RemoteAnswer> {
  const remote = await start(argv, signal)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    remote.kill()
  }, timeoutMs)
  signal.addEventListener('abort', remote.kill)
  if (signal.aborted) remote.kill()
  try {
    const [stdout, stderr, exit] = await Promise.all([
      readBeginning(remote.stdout),
      readBeginning(remote.stderr),
      remote.exited,
    ])
    signal.throwIfAborted()
    if (isLate) throw tooSlow()
    if (exit.kind !== 'exited') throw exit.error
    return { stdout: textAfterMark(stdout, remote.outputMark), stderr, exitCode: exit.code }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', remote.kill)
  }
}

/** Returns the beginning of a stream. Reads it to its end, so that the program can finish. */
export async function readBeginning(stream: Readable, maxLength = maxTextLength): Promise<string> {
  let text = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (text.length >= maxLength) continue
    text = (text + chunk.toString('utf8')).slice(0, maxLength)
  }
  return text
}

function tooSlow(): KcapError {
  const seconds = timeoutMs / 1000
  return new KcapError('capture-program-failed', `cannot run a program there: it has not ended within ${seconds} s`, {
    hints: ['is the node busy? try again'],
  })
}
