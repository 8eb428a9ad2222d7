import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { askInDialog, showErrorDialog } from '../../src/prompt/ask-in-dialog.ts'
import {
  type DialogProgram,
  findDialogProgram,
  kdialog,
  osascript,
  powershell,
  zenity,
} from '../../src/prompt/dialog-program.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const hostile = { title: 'kcap', text: `$(id) \`id\` "; exit 0 # <b>x</b> & 'y'` }

describe('no dialog program reads its text as a script:', () => {
  test('zenity gets it as one argument, without markup, and Cancel is the default', () => {
    const { argv } = zenity.question(hostile, 'Capture')
    expect(argv).toContain(`--text=${hostile.text}`)
    expect(argv).toEqual(
      expect.arrayContaining(['--question', '--no-markup', '--default-cancel', '--ok-label=Capture']),
    )
    expect(zenity.error(hostile).argv).toEqual(
      expect.arrayContaining(['--error', '--no-markup', `--text=${hostile.text}`]),
    )
  })

  test('kdialog gets it as escaped rich text', () => {
    const text = `<qt>$(id) \`id\` "; exit 0 # &lt;b&gt;x&lt;/b&gt; &amp; 'y'</qt>`
    expect(kdialog.question(hostile, 'Capture').argv).toContain(text)
    expect(kdialog.error(hostile).argv).toEqual(['kdialog', '--title', 'kcap', '--error', text])
  })

  test('osascript gets it as an argument of a constant script', () => {
    const { argv } = osascript.question(hostile, 'Capture')
    expect(argv.slice(-3)).toEqual([hostile.text, 'kcap', 'Capture'])
    const script = (dialog: typeof hostile) => osascript.question(dialog, 'Capture').argv.slice(0, -3)
    expect(script(hostile)).toEqual(script({ title: '', text: '' }))
  })

  test('PowerShell gets it in variables of a constant script', () => {
    const start = powershell.question(hostile, 'Capture')
    expect(start.environment).toEqual({ KCAP_DIALOG_TEXT: hostile.text, KCAP_DIALOG_TITLE: 'kcap' })
    expect(start.argv).toEqual(powershell.question({ title: '', text: '' }, 'Capture').argv)
    expect(start.argv.at(-1)).toContain("'OKCancel', 'Warning', 'Cancel'")
  })
})

describe('findDialogProgram', () => {
  test('needs a display, and takes the program of the desktop', async () => {
    const folder = await makeTempFolder()
    for (const name of ['zenity', 'kdialog', 'osascript']) {
      await writeFile(path.join(folder, name), '#!/bin/sh\n')
      await chmod(path.join(folder, name), 0o755)
    }
    const find = async (environment: NodeJS.ProcessEnv, platform: NodeJS.Platform = 'linux') =>
      (await findDialogProgram({ PATH: folder, ...environment }, platform))?.name
    expect(await find({})).toBe(undefined)
    expect(await find({ DISPLAY: ':0' })).toBe('zenity')
    expect(await find({ WAYLAND_DISPLAY: 'wayland-0', XDG_CURRENT_DESKTOP: 'KDE' })).toBe('kdialog')
    expect(await find({ DISPLAY: ':0', PATH: '/nonexistent' })).toBe(undefined)
    expect(await find({}, 'darwin')).toBe('osascript')
  })
})

describe('a dialog', () => {
  const shell = (script: string): DialogProgram => ({
    name: 'sh',
    question: ({ text }, agree) => ({ argv: ['sh', '-c', script, text, agree] }),
    error: ({ text }) => ({ argv: ['sh', '-c', script, text] }),
  })
  const never = new AbortController().signal

  test.each([
    ['exit 0', true],
    ['exit 1', false],
    ['exit 5', false],
    ['kill -9 $$', false],
  ])('that ends with "%s" means %s', async (script, answer) => {
    expect(await askInDialog(shell(script), 'x?', 'Yes', never)).toBe(answer)
  })

  test('that cannot start means no', async () => {
    const missing: DialogProgram = { ...shell(''), question: () => ({ argv: ['/nonexistent/zenity'] }) }
    expect(await askInDialog(missing, 'x?', 'Yes', never)).toBe(false)
  })

  test('shows each character, and at most 1500 of them', async () => {
    const file = path.join(await makeTempFolder(), 'shown')
    const error = new KcapError('usage', `cannot open "a\u202eb\x1b[2J${'x'.repeat(10_000)}": state`)
    await showErrorDialog(shell(`printf %s "$0" >'${file}'`), error)
    const shown = await readFile(file, 'utf8')
    expect(shown.length).toBeLessThanOrEqual(1_501)
    expect(shown).toMatch(/^cannot open "a\\u\{202e\}b\\x1b\[2Jx/)
  })
})
