import { exitCodes } from '../base/error-codes.ts'
import { formatHint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { findMissingNodes } from '../record/find-missing-nodes.ts'
import { type FoundRecord, findRecords } from '../record/find-records.ts'
import { readClusterScope } from '../request/cluster-scope.ts'
import { refuseSurplusWords } from '../request/surplus-words.ts'
import { formatListing, type ListFormat, listFormats, printLines } from './format-list.ts'
import type { ListRow, ListTable } from './list-row.ts'
import { withRecordCluster } from './record-cluster.ts'
import { formatBytes, printNote } from './report.ts'

/** Maximum number of nodes that a note names. */
const mostNamed = 5

/**
 * Runs `kcap record list [-n NS | -A] [-o wide|json|yaml|name]`: the records of the cluster, and the nodes that lack a recorder.
 * @throws {KcapError} usage — when the format is unknown
 */
export async function listRecords(argv: readonly string[]): Promise<number> {
  return await withRecordCluster(argv, async ({ parsed, access, namespace, signal }) => {
    refuseSurplusWords('record', parsed.words, 0)
    const format = (parsed.text('output') ?? 'table') as ListFormat
    if (!listFormats.includes(format))
      throw new KcapError('usage', `cannot use -o "${format}": must be one of: ${listFormats.join(', ')}`, {
        hints: [line('kcap', 'record', 'list', '-o', 'wide')],
      })
    const records = await findRecords(access, { namespace, signal })
    const listing = makeListing(records, Date.now())
    await printLines(formatListing(listing, format, !parsed.flag('no-headers')))
    const isTable = format === 'table' || format === 'wide'
    if (!isTable) return exitCodes.done
    if (records.length === 0) printNote('there are no records')
    for (const record of records) {
      for (const note of listFaults(record)) printNote(note)
      const nodes = await findMissingNodes(record, access, signal)
      if (nodes.length > 0) printNote(describeMissing(record, nodes))
    }
    return exitCodes.done
  })
}

function makeListing(records: readonly FoundRecord[], nowMs: number): ListTable {
  const rows = records.map((record): ListRow => {
    const recording = record.recorders.filter(({ state }) => state === 'recording').length
    return {
      namespace: record.namespace,
      name: record.name,
      targets: record.targets,
      recorders: `${recording}/${record.recorders.length}`,
      keep: formatBytes(record.keepBytes),
      age: formatAge(nowMs - record.startedMs),
      left: record.untilMs <= nowMs ? 'over' : formatAge(record.untilMs - nowMs),
      owner: record.owner,
      nodes: record.recorders.map(({ node }) => node),
    }
  })
  const columns = ['namespace', 'name', 'targets', 'recorders', 'keep', 'age', 'left']
  return {
    columns: [
      ...columns.map((key) => ({ key, title: key.toUpperCase() })),
      ...['owner', 'nodes'].map((key) => ({ key, title: key.toUpperCase(), isWide: true })),
    ],
    count: rows.length,
    rows: () => rows,
    nameOf: ({ name }) => name as string,
  }
}

function listFaults({ name, recorders }: FoundRecord): string[] {
  const faults = recorders.filter(({ state }) => state !== 'recording')
  const notes = faults.slice(0, mostNamed).map(({ node, state }) => `${name}: node ${node} does not record: ${state}`)
  return faults.length > mostNamed ? [...notes, `${name}: and ${faults.length - mostNamed} other nodes`] : notes
}

function describeMissing({ name, namespace, targets }: FoundRecord, nodes: readonly string[]): string {
  const named = nodes.slice(0, mostNamed).join(', ')
  const what = nodes.length > mostNamed ? `${named} and ${nodes.length - mostNamed} others` : named
  const note = `${name}: ${what} ${nodes.length === 1 ? 'has' : 'have'} such pods and no recorder; to add ${nodes.length === 1 ? 'it' : 'them'}`
  const add = noted(note, line('kcap', 'record', 'start', ...targets.split(', '), '--name', name, '-n', namespace))
  return printable(formatHint(add, readClusterScope(process.argv.slice(2))) ?? note)
}

/** Formats a duration as kubectl does: `45s`, `12m`, `5h`, `3d`. */
function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 3 * 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
