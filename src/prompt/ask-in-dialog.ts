import type { KcapError } from '../base/kcap-error.ts'
import { printableLines } from '../base/printable.ts'
import { runProgram } from '../host/run-program.ts'
import type { DialogProgram, DialogStart } from './dialog-program.ts'

const title = 'kcap'
/** A person may be away; after this time the answer is no. */
const answerTimeoutMs = 10 * 60_000
const maxTextLength = 1_500

/** Asks a person in a dialog. Anything but a click on `agree` means no. */
export async function askInDialog(
  program: DialogProgram,
  question: string,
  agree: string,
  signal: AbortSignal,
): Promise<boolean> {
  return await run(program.question({ title, text: toDialogText(question) }, agree), signal)
}

/** Shows an error and its hints in a dialog, and waits until it is closed. */
export async function showErrorDialog(program: DialogProgram, error: KcapError, signal?: AbortSignal): Promise<void> {
  const hints = error.hints.length === 0 ? '' : `\n\n${error.hints.join('\n')}`
  await run(program.error({ title, text: toDialogText(`${error.message}${hints}`) }), signal)
}

/** Returns text for a dialog: bounded, with each character visible. */
function toDialogText(text: string): string {
  const shown = printableLines(text)
  return shown.length > maxTextLength ? `${shown.slice(0, maxTextLength)}…` : shown
}

async function run({ argv, environment }: DialogStart, signal?: AbortSignal): Promise<boolean> {
  const { exitCode } = await runProgram(argv, {
    timeoutMs: answerTimeoutMs,
    ...(environment && { environment }),
    ...(signal && { signal }),
  })
  return exitCode === 0
}
