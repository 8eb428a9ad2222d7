import { printable, printableJson } from '../base/printable.ts'
import type { ListColumn, ListRow, ListTable } from './list-row.ts'

export const listFormats = ['table', 'wide', 'json', 'yaml', 'name'] as const
export type ListFormat = (typeof listFormats)[number]

/** Yields a listing line by line. */
export function formatListing(listing: ListTable, format: ListFormat, hasHeaders: boolean): Iterable<string> {
  const { columns, rows } = listing
  if (listing.count === 0) return format === 'json' || format === 'yaml' ? ['[]\n'] : []
  switch (format) {
    case 'table':
      return formatTable(
        columns.filter(({ isWide = false }) => !isWide),
        rows,
        hasHeaders,
      )
    case 'wide':
      return formatTable(columns, rows, hasHeaders)
    case 'json':
      return formatJson(rows)
    case 'yaml':
      return formatYaml(rows)
    case 'name':
      return formatNames(listing)
  }
}

function* formatNames({ rows, nameOf }: ListTable): Generator<string> {
  for (const row of rows()) yield `${printable(nameOf(row))}\n`
}

function* formatJson(rows: ListTable['rows']): Generator<string> {
  let start = '[\n'
  for (const row of rows()) {
    yield `${start}${printableJson([row], 2).slice('[\n'.length, -'\n]'.length)}`
    start = ',\n'
  }
  yield '\n]\n'
}

/** Yields YAML with every scalar quoted, so that `no` and `1e3` stay texts. JSON strings are valid YAML. */
function* formatYaml(rows: ListTable['rows']): Generator<string> {
  for (const row of rows())
    for (const [i, [key, value]] of Object.entries(row).entries())
      yield `${i === 0 ? '- ' : '  '}${key}: ${printableJson(value)}\n`
}

/** Padding and minimum width of kubectl's columns (cli-runtime, printers/tabwriter.go). */
const paddingLength = 3
const leastWidth = 6

function* formatTable(columns: readonly ListColumn[], rows: ListTable['rows'], hasHeaders: boolean): Generator<string> {
  const formatCell = (row: ListRow, { key }: ListColumn) => {
    const value = row[key] ?? ''
    return printable(typeof value === 'string' ? value : value.join(','))
  }
  const lengths = columns.map(({ title }) => (hasHeaders ? title.length : 0))
  for (const row of rows())
    for (const [i, column] of columns.entries()) lengths[i] = Math.max(lengths[i] ?? 0, formatCell(row, column).length)
  const widths = lengths.map((length) => Math.max(leastWidth, paddingLength + length))
  const formatLine = (cells: readonly string[]) =>
    `${cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('')
      .trimEnd()}\n`
  if (hasHeaders) yield formatLine(columns.map(({ title }) => title))
  for (const row of rows()) yield formatLine(columns.map((column) => formatCell(row, column)))
}

const linesAtATime = 1_000

/** Writes lines to standard output in batches. A single text of all lines would take more memory than the list. */
export async function printLines(lines: Iterable<string>): Promise<void> {
  let waiting: string[] = []
  let isRead = true
  const print = async () => {
    const text = waiting.join('')
    waiting = []
    await new Promise<void>((resolve) => {
      process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
        isRead = !error
        resolve()
      })
    })
  }
  for (const line of lines) {
    if (waiting.push(line) === linesAtATime) await print()
    // Nobody reads any more, as after head, or writing failed; that is reported elsewhere.
    if (!isRead) return
  }
  await print()
}
