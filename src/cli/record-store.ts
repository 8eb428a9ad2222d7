import { exitCodes } from '../base/error-codes.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import { quoteArgv } from '../base/quote.ts'
import type { StoreName } from '../base/store-name.ts'
import type { RecordedPart, StoredStreamName } from '../base/target.ts'
import { programWords } from '../host/program-name.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeRequest } from '../request/make-request.ts'
import { parseStoreName } from '../request/make-upload-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { recordOptions } from '../request/record-options.ts'
import { omitStoreOptions, readRecordedPart } from '../request/recorded-part.ts'
import { loadSettings } from '../settings/load-settings.ts'
import type { StoredFile } from '../store/index-object.ts'
import type { StoredList } from '../store/list-stored.ts'
import { openStoreReader } from '../store/open-reader.ts'
import { chooseOutput, runCapture } from './capture-command.ts'
import { formatListing, type ListFormat, listFormats, printLines } from './format-list.ts'
import type { ListRow } from './list-row.ts'
import { formatBytes, formatCount, printNote } from './report.ts'

/** Time limit of the list. */
const listTimeoutMs = 120_000

/**
 * Runs `kcap record list s3://BUCKET/PREFIX`: the stored files, with the times of their packets.
 * @throws {KcapError} usage, store-* — when the URL or the format is invalid, or the store refuses
 */
export async function listStoredCaptures(argv: readonly string[]): Promise<number> {
  const { parsed, store, signal, close } = await prepare('list', argv)
  try {
    const format = (parsed.text('output') ?? 'table') as ListFormat
    if (!listFormats.includes(format))
      throw new KcapError('usage', `cannot use -o "${format}": must be one of: ${listFormats.join(', ')}`, {
        hints: ['-o wide'],
      })
    const listed = await readList(store, readRecordedPart(parsed), signal)
    const rows = listed.files.map(toRow)
    const columns = ['capture', 'first', 'last', 'packets', 'size'].map((key) => ({ key, title: key.toUpperCase() }))
    const wide = ['key', 'targets', 'interfaces'].map((key) => ({ key, title: key.toUpperCase(), isWide: true }))
    const listing = {
      columns: [...columns, ...wide],
      count: rows.length,
      rows: () => rows,
      nameOf: ({ key }: ListRow) => key as string,
    }
    await printLines(formatListing(listing, format, !parsed.flag('no-headers')))
    noteRest(listed)
    return exitCodes.done
  } finally {
    close()
  }
}

/**
 * Runs `kcap record fetch s3://BUCKET/PREFIX`: merges the stored files of all captures below the prefix, in strict order of time.
 * @throws {KcapError} no-target — when no file has packets of the wanted time
 * @throws {KcapError} usage, store-* — when an option is invalid, or the store refuses
 */
export async function fetchStored(argv: readonly string[]): Promise<number> {
  const { parsed, settings, store, url, signal, close } = await prepare('fetch', argv)
  try {
    const part = readRecordedPart(parsed)
    const listed = await readList(store, part, signal)
    noteRest(listed)
    const targets = groupByCapture(store, listed.files, part)
    if (targets.length === 0)
      throw new KcapError('no-target', `cannot fetch from "${url}": no file has packets of that time`, {
        hints: [line('kcap', 'record', 'list', url)],
      })
    const own = omitStoreOptions(parsed)
    const commandLine = quoteArgv([...programWords, 'record', 'fetch', ...argv])
    const request = makeRequest(own, { output: chooseOutput(own), commandLine, settings, targets })
    return await runCapture(parsed, { ...request, maxPods: targets.length, reconnectMs: 0 }, signal)
  } finally {
    close()
  }
}

async function prepare(command: 'list' | 'fetch', argv: readonly string[]) {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv, { more: recordOptions }), settings)
  const [url = '', ...surplus] = parsed.words
  if (surplus.length > 0)
    throw new KcapError('usage', `cannot use "${surplus[0]}" here: only one URL can be given`, {
      hints: [line('kcap', 'record', command, url)],
    })
  const stop = watchForStop({ followParent: false })
  return { parsed, settings, url, store: parseStoreName(parsed, url), signal: stop.signal, close: stop.close }
}

async function readList(store: StoreName, { fromMs, toMs }: RecordedPart, signal: AbortSignal): Promise<StoredList> {
  const reader = await openStoreReader(store)
  const limit = linkSignals(signal, AbortSignal.timeout(listTimeoutMs))
  try {
    const toNs = (ms: number | undefined) => (ms === undefined ? undefined : BigInt(Math.floor(ms)) * 1_000_000n)
    return await reader.list({ fromNs: toNs(fromMs), toNs: toNs(toMs), signal: limit.signal })
  } finally {
    limit.unlink()
    reader.close()
  }
}

/** Groups the files of each capture, in the order of their numbers. */
function groupByCapture(store: StoreName, files: readonly StoredFile[], part: RecordedPart): StoredStreamName[] {
  const groups = new Map<string, StoredFile[]>()
  for (const file of files) {
    const { name: capture } = file.capture
    groups.set(capture, [...(groups.get(capture) ?? []), file])
  }
  return [...groups].map(([capture, own]) => ({
    kind: 'stream',
    protocol: 'store',
    store,
    capture,
    files: own.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, bytes, sha256 }) => ({ key, bytes, sha256 })),
    part,
  }))
}

function toRow(file: StoredFile): ListRow {
  const { key, firstNs, lastNs, packets, bytes, interfaces, capture } = file
  return {
    capture: capture.name,
    first: formatTime(firstNs),
    last: formatTime(lastNs),
    packets: formatCount(packets),
    size: formatBytes(bytes),
    key,
    targets: capture.targets,
    interfaces,
  }
}

function formatTime(ns: bigint | undefined): string {
  return ns === undefined ? '-' : new Date(Number(ns / 1_000_000n)).toISOString()
}

function noteRest({ unindexed, isCut }: StoredList): void {
  if (unindexed.length > 0)
    printNote(`left out: ${unindexed.length} files without an index object, the first ${unindexed[0] ?? ''}`)
  if (isCut) printNote('the list is cut: a longer prefix narrows it')
}
