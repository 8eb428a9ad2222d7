import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

const file = 'bench/results.md'
const intro = `# Measured

What \`npm run bench\` found: kcap compared with what a user would run instead, alternating in one run. Ratios are kcap / the other, medians of pairs; only ratios
hold on another machine. A new run of a part replaces its table.
`

/** Prints a table, and writes it into bench/results.md as a section of its own. */
export function writeResults(section: string, columns: readonly string[], rows: readonly string[]): void {
  if (rows.length === 0) return
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const table = [line(columns), line(columns.map(() => '---')), ...rows].join('\n')
  console.log(`\n${table}\n`)
  const [{ model = 'unknown' } = {}] = cpus()
  const measured = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} × ${model.trim()}`
  const sections = new Map(readSections())
  sections.set(section, `${measured}\n\n${table}\n`)
  const text = [...sections].map(([name, body]) => `\n## ${name}\n\n${body}`)
  mkdirSync('bench', { recursive: true })
  writeFileSync(file, intro + text.join(''))
}

function readSections(): [string, string][] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // The first run.
  }
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return [part.slice(0, end), `${part.slice(end).trim()}\n`]
    })
}
