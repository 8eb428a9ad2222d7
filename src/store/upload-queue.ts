import type { Clock } from '../base/clock.ts'
import type { FileFigures } from '../base/file-figures.ts'
import type { KcapError } from '../base/kcap-error.ts'
import type { LostFiles } from './index-object.ts'

const firstPauseMs = 1_000
const maxPauseMs = 30_000
/** Time after which the end of a capture reports that it waits. */
const firstReportMs = 3_000
/** Interval between reports of lost files, and of the files that remain at the end. */
const reportMs = 30_000
/** Time without an arriving part after which the ring may remove a file that is being uploaded. */
const stalledMs = 30_000

/** File that is complete and waits for the store. */
export interface WaitingFile {
  readonly path: string
  readonly figures: FileFigures
  lostBefore: LostFiles | undefined
}

/** Stores one file and its index object. */
export type StoreOne = (file: WaitingFile, signal: AbortSignal, onProgress: () => void) => Promise<void>

export interface UploadQueueOptions {
  readonly store: StoreOne
  readonly toError: (error: unknown, file: string) => KcapError
  /** Whether the server asks for fewer requests: reported once. */
  readonly isSlowDown: (error: unknown) => boolean
  /** Called when the store has confirmed a file. */
  readonly onStored: (file: string) => Promise<void>
  readonly tell: (event: string) => void
  readonly clock: Clock
}

/** Files on their way to the store, oldest first. The capture never waits for them. */
export interface UploadQueue {
  add(file: string, figures: FileFigures): void
  /** Notes that the ring has removed a file; unless it was stored, its packets are lost. */
  drop(file: string): void
  /** Returns the file that the ring should remove: the oldest, but not one whose parts are arriving. */
  chooseRemoved(files: readonly string[]): string | undefined
  /** Returns a comment about the files lost since the last call; undefined when none were. */
  takeLossNote(): string | undefined
  /** Waits until everything is stored, but no longer than this. Returns the files that are not, and the last error. */
  finish(limitMs: number): Promise<{ readonly waiting: readonly WaitingFile[]; readonly error: KcapError | undefined }>
  /** Sum of what the store has. */
  readonly stored: { readonly files: number; readonly packets: number; readonly bytes: number }
  readonly lost: LostFiles
}

const nothing: LostFiles = { files: 0, packets: 0, bytes: 0 }

/** Starts a queue that stores one file after the other, and tries again for as long as the capture runs. */
export function startUploadQueue({ store, tell, clock, ...options }: UploadQueueOptions): UploadQueue {
  const waiting: WaitingFile[] = []
  const stored = { files: 0, packets: 0, bytes: 0 }
  const end = new AbortController()
  /** Interrupts a pause: the capture ends, or there is a new file. */
  let pause = new AbortController()
  let current: { readonly file: WaitingFile; readonly abort: AbortController; progressMs: number } | undefined
  let lost = nothing
  let lostSinceNote = nothing
  let lostUnassigned = nothing
  let lossReportedMs = Number.NEGATIVE_INFINITY
  let isEnding = false
  let failure: { readonly sinceMs: number; readonly error: KcapError } | undefined
  let wasSlowReported = false
  let running: Promise<void> | undefined

  const wake = () => {
    pause.abort()
    pause = new AbortController()
  }

  async function run(): Promise<void> {
    let pauseMs = firstPauseMs
    while (!end.signal.aborted) {
      const [file] = waiting
      if (file === undefined) return
      if (await storeOne(file)) {
        pauseMs = firstPauseMs
        continue
      }
      // A random part keeps many captures from returning at the same moment.
      await clock.sleep(pauseMs * (0.75 + Math.random() / 2), pause.signal)
      pauseMs = isEnding ? firstPauseMs : Math.min(maxPauseMs, 2 * pauseMs)
    }
  }

  async function storeOne(file: WaitingFile): Promise<boolean> {
    const abort = new AbortController()
    const attempt = { file, abort, progressMs: clock.nowMs() }
    current = attempt
    try {
      await store(file, AbortSignal.any([abort.signal, end.signal]), () => {
        attempt.progressMs = clock.nowMs()
      })
    } catch (error) {
      if (!abort.signal.aborted && !end.signal.aborted) report(error, file)
      return abort.signal.aborted
    } finally {
      current = undefined
    }
    if (!abort.signal.aborted) {
      waiting.splice(waiting.indexOf(file), 1)
      stored.files += 1
      stored.packets += file.figures.packets
      stored.bytes += file.figures.bytes
      if (failure !== undefined)
        tell(`the object store accepts files again after ${Math.round((clock.nowMs() - failure.sinceMs) / 1000)} s`)
      failure = undefined
      await options.onStored(file.path)
    }
    return true
  }

  /** Reports the first failure of an outage. */
  function report(error: unknown, file: WaitingFile): void {
    const fault = options.toError(error, file.path)
    const isFirst = failure === undefined
    failure = { sinceMs: failure?.sinceMs ?? clock.nowMs(), error: fault }
    if (options.isSlowDown(error)) {
      if (wasSlowReported) return
      wasSlowReported = true
    } else if (!isFirst) return
    tell(
      `${fault.message}; kcap keeps trying, and ${formatFiles(waiting.length)} ${waiting.length === 1 ? 'waits' : 'wait'}`,
    )
  }

  function reportLoss(): void {
    if (clock.nowMs() - lossReportedMs < reportMs) return
    lossReportedMs = clock.nowMs()
    tell(`${describeLoss(lost)} LOST in total: the ring was full before the object store had them`)
  }

  return {
    stored,
    get lost() {
      return lost
    },
    add(file, figures) {
      const lostBefore = lostUnassigned.files === 0 ? undefined : lostUnassigned
      lostUnassigned = nothing
      waiting.push({ path: file, figures, lostBefore })
      running ??= run().finally(() => {
        running = undefined
      })
    },
    drop(file) {
      const at = waiting.findIndex(({ path }) => path === file)
      const [removed] = at < 0 ? [] : waiting.splice(at, 1)
      if (removed === undefined) return
      if (current?.file === removed) current.abort.abort()
      const { packets, bytes } = removed.figures
      const own = { files: 1, packets, bytes }
      lost = addLoss(lost, own)
      lostSinceNote = addLoss(lostSinceNote, own)
      // The next file in time has the number, whichever file that is.
      const before = addLoss(own, removed.lostBefore ?? nothing)
      const next = waiting[at]
      if (next === undefined) lostUnassigned = addLoss(lostUnassigned, before)
      else next.lostBefore = addLoss(before, next.lostBefore ?? nothing)
      reportLoss()
    },
    chooseRemoved(files) {
      const moving =
        current !== undefined && clock.nowMs() - current.progressMs < stalledMs ? current.file.path : undefined
      return files.find((file) => file !== moving)
    },
    takeLossNote() {
      if (lostSinceNote.files === 0) return undefined
      const note = `${describeLoss(lostSinceNote)} before this file were lost: the object store did not take them in time`
      lostSinceNote = nothing
      return note
    },
    async finish(limitMs) {
      isEnding = true
      wake()
      const untilMs = clock.nowMs() + limitMs
      let pauseMs = firstReportMs
      while (running !== undefined && clock.nowMs() < untilMs) {
        const done = new AbortController()
        const sleepMs = Math.min(pauseMs, untilMs - clock.nowMs())
        pauseMs = reportMs
        await Promise.race([running, clock.sleep(sleepMs, done.signal)])
        done.abort()
        if (running !== undefined && waiting.length > 0)
          tell(
            `${formatFiles(waiting.length)} still to be stored, for up to ${Math.round((untilMs - clock.nowMs()) / 1000)} s`,
          )
      }
      end.abort(new Error('the time for storing files is over'))
      wake()
      await running
      if (lost.files > 0) tell(`${describeLoss(lost)} are LOST, and not in the object store`)
      return { waiting: [...waiting], error: failure?.error }
    },
  }
}

function addLoss(a: LostFiles, b: LostFiles): LostFiles {
  return { files: a.files + b.files, packets: a.packets + b.packets, bytes: a.bytes + b.bytes }
}

function describeLoss({ files, packets, bytes }: LostFiles): string {
  return `${formatFiles(files)} with ${packets.toLocaleString('en')} packets (${(bytes / 1e6).toFixed(1)} MB)`
}

function formatFiles(count: number): string {
  return count === 1 ? '1 file' : `${count} files`
}
