import { formatHint, type Hint } from '../base/hint.ts'
import type { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { findOption } from '../request/option-table.ts'
import { findField } from './dialog.ts'
import { dialogAdvice } from './dialog-advice.ts'
import type { InterfaceReference } from './interface-name.ts'

/** Wireshark keeps 1,024 bytes of stderr and shows them in a dialog. */
const maxBytes = 990
/** What a person reads of a dialog. */
const mostLines = 4
/** A right to grant, as a document: the shell's face prints it. */
const documentHint = 'in a terminal, kcap prints the Role and RoleBinding that grant it'

/**
 * Returns the one text of a failed capture. In Wireshark, with the interface: what could not be done, then what to do there, in the words of its dialog.
 * For a shell: the hints of the error.
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

/** Undefined where the dialog lacks a field. */
function fillFields(line: string, reference: InterfaceReference): string | undefined {
  let isComplete = true
  const filled = line.replace(/\{([a-z-]+)\}/g, (_whole, option: string) => {
    const field = findField(option, reference)
    if (field === undefined) isComplete = false
    return `"${field?.display}" on the ${field?.tab} tab`
  })
  return isComplete ? filled : undefined
}

/** `cannot use --duration "x"` as `cannot use "Stop after (time)" "x"`. */
function nameFields(message: string, reference: InterfaceReference): string {
  return message.replace(/(?<![\w-])--([a-z][a-z-]*)/g, (word, option: string) => {
    const display = findOption(option) === undefined ? undefined : findField(option, reference)?.display
    return display === undefined ? word : `"${display}"`
  })
}

/** The hints that a dialog can follow: sentences, and options that have a field. Lines for a shell, and what leads to one, help nobody there. */
function pickSentences(hints: readonly Hint[], reference: InterfaceReference): string[] {
  const sentences: string[] = []
  let lead = ''
  for (const hint of hints) {
    const field = nameChoice(hint, reference)
    const sentence = typeof hint === 'string' && isSpoken(hint) ? hint : field
    if (sentence?.endsWith(':')) lead = `${sentence} `
    else {
      // What follows from a line for a shell means nothing without it.
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

/** `--iface eth0` as `"Interface" on the Capture tab: eth0`. */
function nameChoice(hint: Hint, reference: InterfaceReference): string | undefined {
  const { argv, note } = typeof hint === 'string' ? { argv: hint.split(' '), note: undefined } : hint
  const [, option = ''] = /^--([a-z-]+)$/.exec(argv[0] ?? '') ?? []
  const field = findField(option, reference)
  if (field === undefined || argv.length !== 2) return undefined
  return `${note === undefined ? '' : `${note}: `}"${field.display}" on the ${field.tab} tab: ${argv[1]}`
}
