import { monotonicClock } from '../base/clock.ts'
import type { SessionProgress, SessionSummary } from '../session/session-progress.ts'
import type { ReaderEvent, SharedReader } from '../share/reader-list.ts'
import { printEvent } from './json-events.ts'
import { formatProgress, formatReader, formatSummary, printNote } from './report.ts'

const redrawMs = 250
const jsonMs = 1_000

export interface ProgressLine {
  watch(progress: SessionProgress): void
  /** Prints a line of text above the progress line. */
  note(text: string): void
  /** Prints the link of a shared capture, even where nothing else is printed: nobody could read it without. */
  showLink(link: string): void
  showReader(event: ReaderEvent): void
  /** Hides the progress line while a question is open. */
  around<Argument, Answer>(ask: (argument: Argument) => Promise<Answer>): (argument: Argument) => Promise<Answer>
  finish(summary: SessionSummary): void
  close(): void
}

/** Opens the progress on standard error: a line that rewrites itself on a terminal, JSON lines on request, nothing in a pipe. */
export function openProgress(options: { isQuiet: boolean; isJson: boolean }): ProgressLine {
  const isDrawn = !options.isQuiet && !options.isJson && process.stderr.isTTY === true
  let watched: SessionProgress | undefined
  let timer: NodeJS.Timeout | undefined
  let isPaused = false
  let last = { packets: 0, atMs: monotonicClock.nowMs(), rate: 0 }

  const clear = () => {
    if (isDrawn) process.stderr.write('\r\x1b[K')
  }
  const measureRate = (packets: number) => {
    const nowMs = monotonicClock.nowMs()
    if (nowMs - last.atMs >= 1000)
      last = { packets, atMs: nowMs, rate: ((packets - last.packets) * 1000) / (nowMs - last.atMs) }
    return last.rate
  }
  const draw = () => {
    if (watched === undefined || isPaused) return
    const line = formatProgress(watched, measureRate(watched.packets()))
    process.stderr.write(`\r\x1b[K${[...line].slice(0, (process.stderr.columns ?? 80) - 1).join('')}`)
  }
  const printJson = () => {
    if (watched === undefined) return
    const sources = watched.sources().map(({ error: _error, ...figures }) => figures)
    printEvent('progress', { packets: watched.packets(), sources })
  }
  return {
    watch(progress) {
      watched = progress
      if (isDrawn) timer = setInterval(draw, redrawMs)
      else if (options.isJson) timer = setInterval(printJson, jsonMs)
    },
    note(text) {
      clear()
      if (options.isJson) printEvent('note', { text })
      else printNote(text)
    },
    showLink(link) {
      clear()
      if (options.isJson) printEvent('share', { link })
      else printNote(`sharing at ${link}`)
    },
    showReader(event) {
      if (options.isQuiet) return
      clear()
      if (options.isJson)
        printEvent('reader', { ...readerToJson(event.reader), state: event.kind, readers: event.readerCount })
      else printNote(formatReader(event))
    },
    around: (ask) => async (argument) => {
      clear()
      isPaused = true
      try {
        return await ask(argument)
      } finally {
        isPaused = false
      }
    },
    finish(summary) {
      clearInterval(timer)
      clear()
      if (options.isJson) printEvent('summary', toJson(summary))
      else if (!options.isQuiet) formatSummary(summary).forEach(printNote)
    },
    close() {
      clearInterval(timer)
      clear()
    },
  }
}

function readerToJson({ address, figures }: SharedReader) {
  return { address, ...figures }
}

function toJson(summary: SessionSummary) {
  return {
    output: summary.outputName,
    files: summary.files,
    endedBy: summary.endedBy,
    packets: summary.packets,
    savedPackets: summary.savedPackets,
    outputBytes: summary.outputBytes,
    elapsedMs: Math.round(summary.elapsedMs),
    ...(summary.readers.length > 0 && { readers: summary.readers.map(readerToJson) }),
    sources: summary.sources.map(({ error, ...figures }) => ({
      ...figures,
      ...(error && { error: { code: error.code, message: error.message, hints: error.hints } }),
    })),
  }
}
