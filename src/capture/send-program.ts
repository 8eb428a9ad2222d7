import type { Readable } from 'node:stream'
import type { RemoteExit, StartRemoteProcess } from '../base/remote-process.ts'
import { parseUploadAnswer, uploadWords } from '../remote/upload-script.ts'
import { readBeginning } from './run-remote.ts'
import { makeUploadWindow } from './upload-window.ts'

/** Longest time between two acknowledged pieces, and between the last one and the checksum. */
const stallLimitMs = 30_000
const heartbeatMs = 5_000
/** Time limit of the removal: an older API server may not report the end. */
const removeTimeoutMs = 1_000
/** Size of a frame, as in kubectl. */
const frameBytes = 32 * 1024
const maxTextLength = 1_000

export interface SendOptions {
  /** Aborts the upload until the program has arrived. */
  readonly signal: AbortSignal
  /** Called with the number of bytes in the file, each time it grows. */
  readonly onTaken: (bytes: number) => void
}

export type SendOutcome =
  /** The file exists until `remove` is called or kcap ends. */
  | { readonly kind: 'arrived'; readonly path: string; readonly sum: string; remove(): void }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The upload script ended, or its connection did. */
  | { readonly kind: 'ended'; readonly exit: RemoteExit; readonly stderr: string }
  | { readonly kind: 'stalled'; readonly stalledMs: number }

/**
 * Starts an upload script and sends it the program. Keeps no more in flight than the link carries in about a second. Rejects when the script can't be
 * started, and with the signal's reason.
 */
export async function sendProgram(
  start: StartRemoteProcess,
  argv: readonly string[],
  program: Buffer,
  { signal, onTaken }: SendOptions,
): Promise<SendOutcome> {
  const remote = await start(argv, signal)
  const window = makeUploadWindow()
  let sentBytes = 0
  let takenBytes = 0
  let isReady = false
  let isWhole = false

  const sendMore = () => {
    for (;;) {
      const run = window.send(program.length - sentBytes, performance.now())
      if (run === undefined) return
      const endBytes = sentBytes + run.bytes
      let word = Buffer.from(uploadWords.run(run.digit))
      while (sentBytes < endBytes) {
        const frame = program.subarray(sentBytes, Math.min(sentBytes + frameBytes, endBytes))
        remote.stdin.write(Buffer.concat([word, frame]))
        sentBytes += frame.length
        word = Buffer.alloc(0)
      }
    }
  }

  let settle: (outcome: SendOutcome) => void = () => {}
  const settled = new Promise<SendOutcome>((resolve) => {
    settle = resolve
  })
  const stall = setTimeout(() => settle({ kind: 'stalled', stalledMs: stallLimitMs }), stallLimitMs)
  const readAnswer = (text: string) => {
    const answer = parseUploadAnswer(text)
    if (answer?.kind === 'failed') return settle(answer)
    if (answer?.kind === 'ready' && !isReady) isReady = true
    else if (answer?.kind === 'taken') {
      const bytes = window.acknowledge(performance.now())
      // A hostile remote host may acknowledge what was never sent.
      if (bytes === 0) return
      takenBytes += bytes
      onTaken(takenBytes)
    } else if (answer?.kind === 'whole' && takenBytes === program.length && !isWhole) {
      isWhole = true
      return settle({ ...answer, kind: 'arrived', remove: holdFile() })
    } else return
    stall.refresh()
    sendMore()
  }
  const holdFile = () => {
    const heartbeat = setInterval(() => remote.stdin.write(uploadWords.heartbeat), heartbeatMs)
    let removal: NodeJS.Timeout | undefined
    void remote.exited.then(() => {
      clearInterval(heartbeat)
      clearTimeout(removal)
    })
    return () => {
      clearInterval(heartbeat)
      remote.stdin.write(uploadWords.remove)
      removal ??= setTimeout(() => remote.kill(), removeTimeoutMs)
    }
  }

  void readLines(remote.stdout, readAnswer)
  const said = readBeginning(remote.stderr, maxTextLength)
  void Promise.all([remote.exited, said]).then(([exit, stderr]) => settle({ kind: 'ended', exit, stderr }))
  const abort = () => settle({ kind: 'failed', reason: 'stopped' })
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    const outcome = await settled
    if (outcome.kind !== 'arrived' || signal.aborted) remote.kill()
    signal.throwIfAborted()
    return outcome
  } finally {
    clearTimeout(stall)
    signal.removeEventListener('abort', abort)
  }
}

/** Reads to the end; only the beginning of an endless line counts. */
async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = (lines.pop() ?? '').slice(0, maxTextLength)
    lines.forEach(onLine)
  }
}
