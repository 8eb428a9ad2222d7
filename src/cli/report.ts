import { fileWord, formatHint, type HintScope, line, noted } from '../base/hint.ts'
import type { KcapError } from '../base/kcap-error.ts'
import { printable, printableLines } from '../base/printable.ts'
import { mapStack } from '../host/map-stack.ts'
import type { SessionProgress, SessionSummary, SourceFigures } from '../session/session-progress.ts'
import type { ReaderEvent, SharedReader } from '../share/reader-list.ts'
import { printEvent } from './json-events.ts'

/**
 * Prints an error. All text for the shell's user during and after a capture is in this file. Lines begin with `kcap: `, have no capital after it and
 * no full stop. One sentence comes first, then hints, whose lines address the cluster in `scope`. Everything goes to standard error, because standard
 * output may be the capture.
 */
export function printError(error: KcapError, isVerbose: boolean, scope: HintScope = {}): void {
  const hints = error.remedies.flatMap((hint) => {
    const text = formatHint(hint, scope)
    if (text === undefined) return []
    // A document for standard input is pasted with its line. Its own lines have no prefix.
    const hasLines = typeof hint !== 'string' && hint.input !== undefined
    return [`  hint: ${hasLines ? printableLines(text) : printable(text)}`]
  })
  const lines = [`error: ${printable(error.message)}`, ...hints]
  process.stderr.write(lines.map((text) => `kcap: ${text}\n`).join(''))
  if (isVerbose) process.stderr.write(`${printTrace(error)}\n`)
}

/** Prints an error as a line of `--json`. */
export function printJsonError(error: KcapError, scope: HintScope = {}): void {
  const { code, message, exitCode } = error
  const hints = error.formatHints(scope)
  printEvent('error', { code, message, hints, exitCode })
}

function printTrace(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${printTrace(error.cause)}` : ''
  return `${mapStack(error.stack ?? error.message)
    .split('\n')
    .map(printable)
    .join('\n')}${cause}`
}

export function printNote(text: string): void {
  process.stderr.write(`kcap: ${printable(text)}\n`)
}

/** Returns the line that rewrites itself: packets, bytes, rate, time, and figures per target while there are few. */
export function formatProgress(progress: SessionProgress, packetsPerSecond: number): string {
  const sources = progress.sources()
  const seconds = Math.floor(progress.elapsedMs() / 1000)
  const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
  if (sources.length === 0) return `${clock}  looking up the target`
  const uploads = sources.filter(({ upload }) => upload !== undefined)
  if (sources.every(({ state }) => state === 'starting'))
    return `${clock}  ${printable(uploads.length > 0 ? formatUploads(uploads) : `starting: ${nameSources(sources)}`)}`
  const bytes = sources.reduce((sum, source) => sum + source.bytes, 0)
  const reading = formatReading(sources, progress.elapsedMs())
  const each =
    reading !== undefined || uploads.length > 0
      ? `  ${reading ?? formatUploads(uploads)}`
      : sources.length > 1 && sources.length <= 4
        ? `  (${sources.map(({ name, packets }) => `${shorten(name)} ${formatCount(packets)}`).join(', ')})`
        : `  ${nameSources(sources)}`
  return `${clock}  ${formatCount(progress.packets())} packets  ${formatBytes(bytes)}  ${formatCount(Math.round(packetsPerSecond))}/s${printable(each)}`
}

/** Returns the sum of the uploads; one line has no room for several. */
function formatUploads(uploads: readonly SourceFigures[]): string {
  const sum = (bytes: 'takenBytes' | 'totalBytes') =>
    (uploads.reduce((total, { upload }) => total + (upload?.[bytes] ?? 0), 0) / 1e6).toFixed(1)
  const [first] = uploads
  const where = uploads.length === 1 ? `"${first?.name}"` : `${uploads.length} targets`
  return `uploading tcpdump to ${where}: ${sum('takenBytes')} of ${sum('totalBytes')} MB`
}

/** Returns how much of the recordings has been read, and how long the rest will take; undefined when none is read. */
function formatReading(sources: readonly SourceFigures[], elapsedMs: number): string | undefined {
  const reads = sources.flatMap(({ state, read }) => (read === undefined ? [] : [{ state, ...read }]))
  if (reads.length === 0) return undefined
  const readBytes = reads.reduce((sum, read) => sum + read.readBytes, 0)
  // Once a recording has been read, the rest of it is outside of the wanted time.
  const totalBytes = reads.reduce((sum, read) => sum + (read.state === 'ended' ? read.readBytes : read.totalBytes), 0)
  const leftMs = readBytes === 0 ? undefined : (elapsedMs / readBytes) * Math.max(0, totalBytes - readBytes)
  const left = leftMs === undefined ? '' : `, ${Math.ceil(leftMs / 1000)} s left`
  return `${formatBytes(readBytes)} of ${formatBytes(totalBytes)} read${left}`
}

/** Returns the summary: what was written where, what the kernel dropped, and what to type next. */
export function formatSummary(summary: SessionSummary): string[] {
  const shown = summary.sources.filter(({ state, packets }) => state !== 'failed' || packets > 0)
  const lines = shown.length > 1 ? formatTable(shown) : shown.map(formatSource)
  if (summary.outputBytes === 0)
    return [`nothing was written to ${summary.outputName}: ${formatReason(summary)} before a capture had begun`]
  const seconds = (summary.elapsedMs / 1000).toFixed(1)
  lines.push(
    `${formatCount(summary.savedPackets)} packets, ${formatBytes(summary.outputBytes)} written to ${summary.outputName} in ${seconds} s (${formatReason(summary)})`,
  )
  const removed = summary.packets - summary.savedPackets
  if (summary.files.length > 1 && removed > 0)
    lines.push(`${formatCount(removed)} earlier packets were removed with the oldest files`)
  if (summary.packets === 0)
    lines.push('nothing was captured: is the filter right? is there traffic? --iface any listens everywhere')
  lines.push(...summary.readers.map(formatReaderFigures))
  const file = summary.files.at(-1)
  if (file !== undefined && summary.packets > 0)
    lines.push(formatHint(noted('open with', line('wireshark', fileWord(file)))) ?? '')
  return lines
}

/** Returns what is printed when a reader of a shared capture joins or leaves. */
export function formatReader({ kind, reader, readerCount }: ReaderEvent): string {
  const readers = readerCount === 1 ? '1 reader' : `${readerCount} readers`
  return kind === 'joined'
    ? `${reader.address} joined (${readers})`
    : `${formatReaderFigures(reader)}; it left (${readers})`
}

function formatReaderFigures({ address, figures: { packets, bytes, lostPackets } }: SharedReader): string {
  const lost = lostPackets === 0 ? 'none lost' : `${formatCount(lostPackets)} LOST: it read too slowly`
  // Readers at a unix socket have no address, only a number: "reader 1".
  const who = address.startsWith('reader ') ? address : `reader ${address}`
  return `${who}: ${formatCount(packets)} packets, ${formatBytes(bytes)}, ${lost}`
}

function formatSource(source: SourceFigures): string {
  const { name, packets, bytes, dropped } = source
  const drops =
    dropped === undefined ? 'drops unknown' : dropped === 0 ? 'none dropped' : `${formatCount(dropped)} ${dropHint}`
  return `${name}: ${formatCount(packets)} packets, ${formatBytes(bytes)}, ${drops}`
}

const dropHint = 'DROPPED by the kernel there: a narrower filter or --snaplen 128 helps'

/** Returns a table of several sources: packets, drops, join time and gaps of each. */
function formatTable(sources: readonly SourceFigures[]): string[] {
  const rows = [
    ['target', 'packets', 'bytes', 'dropped', 'joined', 'gaps'],
    ...sources.map(({ name, packets, bytes, dropped, joinedMs, gaps }) => [
      name,
      formatCount(packets),
      formatBytes(bytes),
      dropped === undefined ? 'unknown' : formatCount(dropped),
      joinedMs === 0 ? 'start' : `${(joinedMs / 1000).toFixed(1)} s`,
      String(gaps),
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => findLongest(rows.map((row) => row[column])))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
  const lost = sources.reduce((sum, { dropped = 0 }) => sum + dropped, 0)
  return lost === 0 ? lines : [...lines, `${formatCount(lost)} packets ${dropHint}`]
}

/** Returns the longest length. Avoids a call with one argument per text, because lists may exceed the limit of arguments. */
function findLongest(texts: readonly (string | undefined)[]): number {
  return texts.reduce((longest, text) => Math.max(longest, text?.length ?? 0), 0)
}

function formatReason({ endedBy }: SessionSummary): string {
  const reasons: Record<SessionSummary['endedBy'], string> = {
    stopped: 'stopped',
    duration: 'duration reached',
    count: 'packet count reached',
    size: 'size limit reached',
    'reader gone': 'reader closed',
    'output failed': 'output failed',
    'remote side ended': 'the remote side ended',
  }
  return reasons[endedBy]
}

function nameSources(sources: readonly SourceFigures[]): string {
  return sources.length <= 2 ? sources.map(({ name }) => name).join(', ') : `${sources.length} targets`
}

function shorten(name: string): string {
  const last = name.split('/').at(-1) ?? name
  return last.length <= 20 ? last : `…${last.slice(-19)}`
}

export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}
