import { commands, findCommand } from '../request/command-table.ts'
import type { CommandOption } from '../request/option-row.ts'
import { optionTable } from '../request/option-table.ts'
import { exitCodeHelp, formatOption } from './help.ts'

/** Returns docs/options.md, which lists every option of the option table. */
export function formatOptionsPage(): string {
  const groups = [...new Set(optionTable.map(({ group }) => group))]
  const ofCommands = commands.filter((command) => (findCommand(command).options ?? []).length > 0)
  return [
    '# Options',
    'This page is made from the table of options (`src/request/*-options.ts`); `kcap --help` and the man page have the same. Defaults are in brackets.',
    ...groups.map((group) => `## ${group}\n\n${formatTable(optionTable.filter((row) => row.group === group))}`),
    '## Options of commands',
    ...ofCommands.map((command) => `### ${command}\n\n${formatTable(findCommand(command).options ?? [])}`),
    '## Exit codes',
    exitCodeHelp.replace('Exit codes: ', '').trim(),
  ]
    .join('\n\n')
    .concat('\n')
}

function formatTable(rows: readonly CommandOption[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  return [
    '| option | meaning |',
    '|---|---|',
    ...rows.map((row) => `| \`${cell(formatOption(row))}\` | ${cell(row.help)} |`),
  ].join('\n')
}
