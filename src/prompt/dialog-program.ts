import { findProgram } from '../host/find-program.ts'

/** Text of a dialog, already printable. */
export interface DialogText {
  readonly title: string
  readonly text: string
}

/** Start of a dialog: a program, its arguments and variables. No text of the dialog is ever part of a script. */
export interface DialogStart {
  readonly argv: readonly [string, ...string[]]
  readonly environment?: Readonly<Record<string, string>>
}

/** Program that shows dialogs on a desktop. Exit code 0 means that the person agreed. */
export interface DialogProgram {
  readonly name: string
  question(dialog: DialogText, agree: string): DialogStart
  error(dialog: DialogText): DialogStart
}

/** Width at which a line of text is still comfortable to read, in pixels. */
const width = '--width=480'

export const zenity: DialogProgram = {
  name: 'zenity',
  question: ({ title, text }, agree) => ({
    argv: [
      ...(['zenity', '--question', '--no-markup', '--default-cancel', width] as const),
      ...[`--title=${title}`, `--text=${text}`, `--ok-label=${agree}`, '--cancel-label=Cancel'],
    ],
  }),
  error: ({ title, text }) => ({
    argv: ['zenity', '--error', '--no-markup', width, `--title=${title}`, `--text=${text}`],
  }),
}

export const kdialog: DialogProgram = {
  name: 'kdialog',
  question: ({ title, text }, agree) => ({
    argv: ['kdialog', '--title', title, '--warningcontinuecancel', toRichText(text), '--continue-label', agree],
  }),
  error: ({ title, text }) => ({ argv: ['kdialog', '--title', title, '--error', toRichText(text)] }),
}

/** Returns plain text as Qt's rich text: kdialog would guess from the text which of the two it is. */
function toRichText(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\n': '<br>' }
  return `<qt>${text.replace(/[&<>\n]/g, (character) => entities[character] ?? character)}</qt>`
}

/** The script reads the text from its arguments. A cancel button makes osascript exit with 1. */
export const osascript: DialogProgram = {
  name: 'osascript',
  question: ({ title, text }, agree) => ({
    argv: runScript(
      'display dialog (item 1 of argv) with title (item 2 of argv) buttons {"Cancel", item 3 of argv} default button "Cancel" cancel button "Cancel" with icon caution',
      text,
      title,
      agree,
    ),
  }),
  error: ({ title, text }) => ({
    argv: runScript('display alert (item 2 of argv) message (item 1 of argv) as critical', text, title),
  }),
}

function runScript(statement: string, ...argv: readonly string[]): readonly [string, ...string[]] {
  const lines = ['on run argv', 'activate', statement, 'end run'].flatMap((scriptLine) => ['-e', scriptLine])
  return ['osascript', ...lines, ...argv]
}

/** The script reads the text from variables: PowerShell would parse arguments after -Command as more of the script. */
export const powershell: DialogProgram = {
  name: 'powershell',
  question: (dialog) => showMessageBox(dialog, "'OKCancel', 'Warning', 'Cancel'"),
  error: (dialog) => showMessageBox(dialog, "'OK', 'Error'"),
}

function showMessageBox({ title, text }: DialogText, kind: string): DialogStart {
  const script = [
    'Add-Type -AssemblyName PresentationFramework',
    `$answer = [System.Windows.MessageBox]::Show($env:KCAP_DIALOG_TEXT, $env:KCAP_DIALOG_TITLE, ${kind})`,
    "if ($answer -ne 'OK') { exit 1 }",
  ]
  return {
    argv: ['powershell', '-NoProfile', '-NonInteractive', '-STA', '-Command', script.join('; ')],
    environment: { KCAP_DIALOG_TEXT: text, KCAP_DIALOG_TITLE: title },
  }
}

/** Returns the first dialog program of this machine that can show a window; undefined if there is none. */
export async function findDialogProgram(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<DialogProgram | undefined> {
  for (const program of listDialogPrograms(environment, platform))
    if ((await findProgram(program.name, environment)) !== undefined) return program
  return undefined
}

function listDialogPrograms(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly DialogProgram[] {
  if (platform === 'darwin') return [osascript]
  if (platform === 'win32') return [powershell]
  if (!environment.DISPLAY && !environment.WAYLAND_DISPLAY) return []
  return /kde/i.test(environment.XDG_CURRENT_DESKTOP ?? '') ? [kdialog, zenity] : [zenity, kdialog]
}
