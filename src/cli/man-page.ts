import { version } from '../base/version.ts'
import { commands, findCommand } from '../request/command-table.ts'
import type { CommandOption } from '../request/option-row.ts'
import { optionTable } from '../request/option-table.ts'
import { exitCodeHelp, formatHelp, formatOption, introExamples } from './help.ts'

const environment: readonly (readonly [name: string, about: string])[] = [
  ['KUBECONFIG', 'kubeconfig files, as for kubectl'],
  ['KCAP_CONFIG', "kcap's config file (~/.config/kcap/config.yaml)"],
  ['KCAP_SSH_PASSWORD', 'SSH password or passphrase of the private key'],
  ['KCAP_SUDO_PASSWORD', 'sudo password on the SSH host'],
]

/** Returns kcap(1) for man: https://man7.org/linux/man-pages/man7/man.7.html. It has no date, so that the same sources build the same page. */
export function formatManPage(): string {
  const groups = [...new Set(optionTable.map(({ group }) => group))]
  return [
    `.TH KCAP 1 "" ${argument(`kcap ${version}`)} "User Commands"`,
    '.SH NAME',
    escapeText('kcap - capture packets from Kubernetes pods and SSH hosts, live in Wireshark or into a file'),
    '.SH SYNOPSIS',
    formatLines('kcap [OPTION]... [TARGET]...\nkcap COMMAND [OPTION]... [WORD]...'),
    '.SH DESCRIPTION',
    ...introExamples.trim().split('\n').map(formatExample),
    '.SH OPTIONS',
    ...groups.flatMap((group) => [
      `.SS ${group}`,
      ...optionTable.filter((row) => row.group === group).map(formatOptionEntry),
    ]),
    '.SH COMMANDS',
    ...commands.flatMap((command) => [
      `.SS ${argument(`kcap ${command}`)}`,
      ...formatHelp(command).trim().split('\n\n').map(formatParagraph),
      ...(findCommand(command).options ?? []).map(formatOptionEntry),
    ]),
    '.SH ENVIRONMENT',
    ...environment.map(([name, about]) => formatEntry(name, about)),
    '.SH EXIT STATUS',
    escapeText(exitCodeHelp.trim()),
    '.SH SEE ALSO',
    '.BR tcpdump (1),\n.BR tshark (1),\n.BR wireshark (1),\n.BR kubectl (1),\n.BR ssh (1)',
    '',
  ].join('\n')
}

function formatOptionEntry(row: CommandOption): string {
  return formatEntry(formatOption(row), row.help)
}

function formatEntry(term: string, about: string): string {
  return `.TP\n.B ${escapeText(term)}\n${escapeText(about)}`
}

/** Formats an example of the form `  command   what it does`. */
function formatExample(line: string): string {
  const [command = '', about = ''] = line.trim().split(/ {2,}/)
  return formatEntry(command, about)
}

/** Formats a paragraph of a help text: prose, or lines to type. */
function formatParagraph(text: string): string {
  return /^( {2}|kcap )/.test(text) ? formatLines(text) : `.PP\n${escapeText(text)}`
}

/** Formats lines without filling. */
function formatLines(text: string): string {
  return `.PP\n.nf\n${escapeText(text)}\n.fi`
}

function argument(text: string): string {
  return `"${escapeText(text).replaceAll('"', '\\(dq')}"`
}

/**
 * Escapes what man would change: typed dashes would become hyphens. A backslash, or a period or quote at the start of a line, would begin a request.
 */
function escapeText(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^\./gm, '\\&.')
    .replace(
      /[^\0-\x7f]/gu,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}
