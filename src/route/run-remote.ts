import type { Readable, Writable } from 'node:stream'
import { KcapError } from '../base/kcap-error.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'

const defaultTimeoutMs = 30_000
/** Limit for each output. */
const maxTextLength = 100_000

export interface RemoteRun {
  /** Ends the program's run too. */
  readonly signal: AbortSignal
  /** From the start of the program to its end; default 30 s. */
  readonly timeoutMs?: number
  /** Called with what has been printed so far, each time that it grows. */
  readonly onOutput?: (printed: string, stdin: Writable) => void
}

export interface RemoteAnswer {
  /** The beginning of what it printed. */
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/**
 * Runs a program on the remote side that is to end by itself. Throws what keeps it from being run, and `capture-program-failed` when it does not
 * end in time.
 */
export async function runRemote(
  start: StartRemoteProcess,
  argv: readonly string[],
  { signal, timeoutMs = defaultTimeoutMs, onOutput }: RemoteRun,
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
      readBeginning(remote.stdout, (text) => onOutput?.(text, remote.stdin)),
      readBeginning(remote.stderr),
      remote.exited,
    ])
    signal.throwIfAborted()
    if (isLate) throw tooSlow(timeoutMs)
    if (exit.kind !== 'exited') throw exit.error
    return { stdout, stderr, exitCode: exit.code }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', remote.kill)
  }
}

/** Reads to the end, so that the program can come to its own. */
async function readBeginning(stream: Readable, onText: (text: string) => void = () => {}): Promise<string> {
  let text = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (text.length >= maxTextLength) continue
    text = (text + chunk.toString('utf8')).slice(0, maxTextLength)
    onText(text)
  }
  return text
}

function tooSlow(timeoutMs: number): KcapError {
  const seconds = timeoutMs / 1000
  return new KcapError('capture-program-failed', `cannot run a program there: it has not ended within ${seconds} s`, {
    hints: ['is the node busy? try again'],
  })
}
