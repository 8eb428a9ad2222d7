import { formatHint, type Hint } from '../base/hint.ts'
import type { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { findOption } from '../request/option-table.ts'
import { findField } from './dialog.ts'
import { dialogAdvice } from './dialog-advice.ts'
import type { InterfaceReference } from './interface-name.ts'

/** Size limit of the text. Wireshark keeps 1,024 bytes of stderr and shows them in a dialog. */
const maxBytes = 990
/** Number of lines that a person reads in a dialog. */
const mostLines = 4
/** Hint that replaces a Role to apply, which the command line prints as a document. */
const documentHint = 'in a terminal, kcap prints the Role and RoleBinding that grant it'

/**
 * Returns the one text of a failed capture. In Wireshark, where the interface is known, it says what failed and what to do, in the words of the
 * dialog. In a shell, it has the hints of the error.
 */
export function formatFailure(error: KcapError, reference?: InterfaceReference): string {
  const lines =
    reference === undefined
      ? [error.message, ...error.remedies.flatMap(formatForShell)]
      : [nameFields(error.message, reference), ...adviseInDialog(error, reference)].slice(0, mostLines)
  let text = ''
  for (const line of lines.map(printable)) {
    if (Buffer.byteLength(text + line) + 1 > maxBytes) break
    text += `${line}\n`
  }
  return text === ''
    ? `${Buffer.from(printable(error.message))
        .subarray(0, maxBytes)
        .toString('utf8')
        .replace(/\ufffd$/, '')}\n`
    : text
}

function formatForShell(hint: Hint): string[] {
  if (typeof hint !== 'string' && hint.input !== undefined) return [`  ${documentHint}`]
  const text = formatHint(hint)
  return text === undefined ? [] : [`  ${text}`]
}

function adviseInDialog(error: KcapError, reference: InterfaceReference): string[] {
  const advice = dialogAdvice[error.code].flatMap((line) => fillFields(line, reference) ?? [])
  return [...pickSentences(error.remedies, reference), ...advice]
}

/** Returns a line with its fields filled in; undefined if the dialog lacks one of them. */
function fillFields(line: string, reference: InterfaceReference): string | undefined {
  let isComplete = true
  const filled = line.replace(/\{([a-z-]+)\}/g, (_whole, option: string) => {
    const field = findField(option, reference)
    if (field === undefined) isComplete = false
    return `"${field?.display}" on the ${field?.tab} tab`
  })
  return isComplete ? filled : undefined
}

/** Replaces options with their fields: `cannot use --duration "x"` becomes `cannot use "Stop after (time)" "x"`. */
function nameFields(message: string, reference: InterfaceReference): string {
  return message.replace(/(?<![\w-])--([a-z][a-z-]*)/g, (word, option: string) => {
    const display = findOption(option) === undefined ? undefined : findField(option, reference)?.display
    return display === undefined ? word : `"${display}"`
  })
}

/**
 * Returns the hints that a dialog's user can follow: sentences, and options that have a field. Shell lines, and the sentences that introduce them,
 * are of no use there.
 */
function pickSentences(hints: readonly Hint[], reference: InterfaceReference): string[] {
  const sentences: string[] = []
  let lead = ''
  for (const hint of hints) {
    const field = nameChoice(hint, reference)
    const sentence = typeof hint === 'string' && isSpoken(hint) ? hint : field
    if (sentence?.endsWith(':')) lead = `${sentence} `
    else {
      // A hint that continues a shell line makes no sense without it.
      if (sentence === undefined && lead !== '') break
      if (sentence !== undefined) sentences.push(`${lead}${sentence}`)
      lead = ''
    }
  }
  return sentences
}

function isSpoken(hint: string): boolean {
  return !/(?:^|\s)--?[a-z]|^(?:kcap|kubectl|ssh|apt-get|ls|not via|via)\b|[:?] (?:kcap|kubectl|ssh) |[=$|`]/.test(hint)
}

/** Replaces an option with its field: `--iface eth0` becomes `"Interface" on the Capture tab: eth0`. */
function nameChoice(hint: Hint, reference: InterfaceReference): string | undefined {
  const { argv, note } = typeof hint === 'string' ? { argv: hint.split(' '), note: undefined } : hint
  const [, option = ''] = /^--([a-z-]+)$/.exec(argv[0] ?? '') ?? []
  const field = findField(option, reference)
  if (field === undefined || argv.length !== 2) return undefined
  return `${note === undefined ? '' : `${note}: `}"${field.display}" on the ${field.tab} tab: ${argv[1]}`
}
