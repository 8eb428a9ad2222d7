import type { Readable } from 'node:stream'
import { monotonicClock } from '../base/clock.ts'
import type { RemoteExit, RemoteProcess, StartRemoteProcess } from '../base/remote-process.ts'
import { type CaptureReport, makeReportReader } from '../remote/capture-report.ts'
import { supervisorWords } from '../remote/supervisor-script.ts'

const heartbeatMs = 5_000
/** Wait after a stop. The remote host kills a program that does not hand over within 5 s; then nothing more arrives. */
const stopTimeoutMs = 7_000
const maxKeptLines = 50
/** Time over which output is measured. A supervisor and its program print some lines a minute; an account's own start-up files may print more. */
const floodWindowMs = 60_000
const maxWindowBytes = 16 * 1024 * 1024

/** A program under the supervisor on the remote host; heartbeats keep it alive until it is stopped. */
export interface SupervisedProgram {
  readonly stdout: Readable
  readonly outputMark?: string
  /** Settles when the program runs, or will never run. */
  readonly begun: Promise<void>
  /** Settles when the program reports that it captures, or has ended. */
  readonly listening: Promise<void>
  /** How the program ended; settles after all its reports have been read. The caller must read standard output to the end first. */
  readonly ended: Promise<RemoteExit>
  /** Reports of the supervisor and the program so far. */
  readonly said: {
    readonly counters: Partial<Record<'captured' | 'received' | 'dropped' | 'droppedByInterface', number | undefined>>
    /** Lines of the program itself, newest last. */
    readonly lines: readonly string[]
    /** Program that the remote host lacks for the capture. */
    readonly missing: string | undefined
    /** Whether no process of the pod is there, and whether its network has other addresses. */
    readonly hasNoPod: boolean
    readonly hasOtherPod: boolean
    /** Whether the supervisor ended the program because it heard nothing from kcap. */
    readonly wasSilent: boolean
    /** Whether kcap ended it because it printed more than any supervisor does. */
    readonly isFlooded: boolean
    /** Exit code of the program, once it has ended. */
    readonly endedCode: number | undefined
    /** Command as it really runs. */
    readonly command: string
    /** Program that the remote host lacks for the requested compression. */
    readonly missingCompressor: string | undefined
    /** Bounds of the remote clock's lead over this machine's clock; undefined when unknown. */
    readonly aheadMs: { readonly least: number; readonly most: number } | undefined
    /** Time of its last report, by the monotonic clock. */
    readonly reportedMs: number
  }
  /** Asks the remote host to end the program and hand over what it still holds; safe to call more than once. */
  stop(): void
  /** Drops the connection at once; the remote side ends by itself. */
  kill(): void
}

/** Starts an argv made by `makeSupervisedArgv`. Rejects when it can't be started; the signal aborts only the start. */
export async function startSupervised(
  start: StartRemoteProcess,
  argv: readonly string[],
  signal: AbortSignal,
  password?: string,
): Promise<SupervisedProgram> {
  const said: Said = {
    startedMs: Date.now(),
    reportedMs: monotonicClock.nowMs(),
    counters: {},
    lines: [],
    missing: undefined,
    hasNoPod: false,
    hasOtherPod: false,
    wasSilent: false,
    isFlooded: false,
    endedCode: undefined,
    command: '',
    missingCompressor: undefined,
    aheadMs: undefined,
  }
  const remote = await start(argv, signal)
  if (password !== undefined) remote.stdin.write(`${password}\n`)
  let begin = () => {}
  let listen = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const listening = new Promise<void>((resolve) => {
    listen = resolve
  })
  const heard = followReports(remote, said, { begin, listen })
  void heard.then(begin).then(listen)
  const heartbeat = setInterval(() => remote.stdin.write(supervisorWords.heartbeat), heartbeatMs)
  let stopTimer: NodeJS.Timeout | undefined
  let isEnded = false
  const ended = (async () => {
    const exit = await remote.exited
    isEnded = true
    clearInterval(heartbeat)
    clearTimeout(stopTimer)
    await heard
    return exit
  })()
  return {
    stdout: remote.stdout,
    ...(remote.outputMark !== undefined && { outputMark: remote.outputMark }),
    begun,
    listening,
    ended,
    said,
    stop() {
      if (isEnded || stopTimer !== undefined) return
      clearInterval(heartbeat)
      remote.stdin.write(supervisorWords.stop)
      stopTimer = setTimeout(() => remote.kill(), stopTimeoutMs)
    },
    kill: () => remote.kill(),
  }
}

type Said = { -readonly [Key in keyof SupervisedProgram['said']]: SupervisedProgram['said'][Key] } & {
  /** Wall-clock time before the first request, to compare the remote clock with. */
  readonly startedMs: number
  readonly lines: string[]
}

/** Applies the reports; settles at the end of standard error. */
async function followReports(remote: RemoteProcess, said: Said, on: { begin(): void; listen(): void }): Promise<void> {
  const reader = makeReportReader()
  let windowMs = monotonicClock.nowMs()
  let windowBytes = 0
  /** Applies each report once: a hostile remote host repeats itself forever. */
  const take = (report: CaptureReport) => {
    switch (report.kind) {
      case 'counter':
        said.counters[report.counter] = report.count
        return
      case 'using':
        if (said.command !== '') return
        said.command = report.command
        // Earlier lines were banners, and output of the account's own start-up files.
        said.lines.length = 0
        return on.begin()
      case 'clock':
        said.aheadMs ??= {
          least: report.timeMs - Date.now(),
          most: report.timeMs + report.precisionMs - said.startedMs,
        }
        return
      case 'missing':
        said.missing ??= report.program
        return
      case 'uncompressed':
        said.missingCompressor ??= report.program
        return
      case 'no-pod':
        said.hasNoPod = true
        return
      case 'other-pod':
        said.hasOtherPod = true
        return
      case 'silent':
        said.wasSilent = true
        return
      case 'listening':
        return on.listen()
      case 'ended':
        if (said.endedCode !== undefined) return
        said.endedCode = report.code
        // The supervisor waits for this, so that its watcher ends too.
        remote.stdin.write(supervisorWords.release)
        return on.listen()
      case 'text':
        said.lines.push(report.text)
        if (said.lines.length > maxKeptLines) said.lines.shift()
        return
      case 'alive':
    }
  }
  try {
    for await (const chunk of remote.stderr as AsyncIterable<Buffer>) {
      // Later output is drained, unread, until the connection has ended.
      if (said.isFlooded) continue
      said.reportedMs = monotonicClock.nowMs()
      for (const report of reader.push(chunk)) take(report)
      const nowMs = monotonicClock.nowMs()
      if (nowMs - windowMs > floodWindowMs) [windowMs, windowBytes] = [nowMs, 0]
      windowBytes += chunk.length
      said.isFlooded = windowBytes > maxWindowBytes
      if (said.isFlooded) remote.kill()
    }
    reader.end().forEach(take)
  } catch {
    // The exit of the program explains what its last report could not.
  }
}
