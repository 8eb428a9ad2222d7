import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe } from 'vitest'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'
import { cutRows } from './ssh-rows-cut.ts'
import { hostRows } from './ssh-rows-host.ts'
import { loginRows } from './ssh-rows-login.ts'
import { wayRows } from './ssh-rows-session.ts'
import { defaultClients, type Outcome, runRow, type TableRow } from './ssh-table-row.ts'
import { openTableSetting, type TableSetting } from './ssh-table-setting.ts'

let setting: TableSetting | undefined
beforeAll(async () => {
  if (hasOwnSshd) setting = await openTableSetting()
})

const columns = ['auto', 'ssh2', 'openssh'] as const
const outcomes = new Map<string, Partial<Record<(typeof columns)[number], Outcome>>>()

afterAll(async () => {
  if (setting === undefined) return
  const files = readdirSync(setting.folder).filter((name) => name.endsWith('.pcapng'))
  try {
    // Wireshark's own reader takes them all, to the last packet.
    if (files.length > 0) execFileSync('capinfos', ['-M', '-c', ...files.map(setting.file)])
  } finally {
    console.log(formatTable())
  }
})

function formatTable(): string {
  const lines = [...outcomes].map(([row, found]) => [row, ...columns.map((client) => found[client] ?? '')])
  const table = [['', ...columns], ...lines]
  const widths = table[0]?.map((_, index) => Math.max(...table.map((line) => line[index]?.length ?? 0))) ?? []
  return table.map((line) => line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')).join('\n')
}

const sets: Record<string, Readonly<Record<string, TableRow>>> = {
  login: loginRows,
  'host key': hostRows,
  way: wayRows,
  stream: cutRows,
}

describe.each(Object.entries(sets))('%s:', (_name, rows) => {
  sshdTest.concurrent.each(Object.entries(rows))('%s', async (name, row) => {
    const found: Partial<Record<(typeof columns)[number], Outcome>> = {}
    outcomes.set(name, found)
    for (const client of row.clients ?? defaultClients)
      found[client] = await runRow(setting as TableSetting, row, client)
  })
})
