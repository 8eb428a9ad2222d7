import { execFile } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Desktop, WiresharkHome } from './wireshark-window.ts'

const run = promisify(execFile)

export interface FormContext {
  readonly home: WiresharkHome
  readonly desktop: Desktop
  /** Calls of kcap by Wireshark with this word. */
  readonly calls: (word: string) => readonly string[][]
}

export async function waitFor<Value>(
  desktop: Desktop,
  what: string,
  find: () => Value | undefined | Promise<Value | undefined>,
): Promise<Value> {
  for (const startedMs = Date.now(); Date.now() - startedMs < 20_000; await sleep(50)) {
    const found = await find()
    if (found !== undefined) return found
  }
  throw new Error(`not within 20 s: ${what}; windows: ${(await desktop.titles()).join(', ')}`)
}

/** Drives the open dialog by Tab, from the bar of its tabs backwards: what its buttons are depends on the version of Wireshark. */
export async function openForm({ home, desktop, calls }: FormContext, interfaceValue: string) {
  const launcher = path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'extcap', 'kcap')
  const argv = ['--extcap-config', '--extcap-interface', interfaceValue]
  // Wireshark orders them by their numbers.
  const rows = [...(await run(launcher, argv, { env: home.environment })).stdout.matchAll(/^arg .*$/gm)]
    .map(([arg]) => {
      const read = (key: string) => new RegExp(`\\{${key}=([^}]*)\\}`).exec(arg)?.[1] ?? ''
      return {
        number: Number(read('number')),
        option: read('call').slice(2),
        tab: read('group'),
        stops: read('reload') === '' && read('type') !== 'fileselect' ? 2 : 3,
      }
    })
    .sort((a, b) => a.number - b.number)
  const tabs = [...new Set(rows.map(({ tab }) => tab))]
  let tab = tabs[0] ?? ''
  /** Number of stops before the tab bar; undefined: one behind it, as when the dialog opens and after each load. */
  let position: number | undefined
  const moveTo = async (target: number) => {
    const steps = target - (position ?? -1)
    await desktop.press(...Array.from({ length: Math.abs(steps) }, () => (steps > 0 ? 'shift+Tab' : 'Tab')))
    position = target
  }
  /** A list, the button that loads it, and the one that resets it. */
  const moveToRow = async (option: string, stop: 0 | 1) => {
    const here = rows.filter((row) => row.tab === tab)
    const behind = here.slice(here.findIndex((row) => row.option === option))
    await moveTo(behind.reduce((sum, { stops }) => sum + stops, 0) - stop)
  }
  return {
    async showTab(wanted: string) {
      await moveTo(0)
      for (; tab !== wanted; tab = tabs[tabs.indexOf(tab) + 1] ?? '') await desktop.press('Right')
    },
    /** Presses the button of a list; returns the other options as kcap received them. */
    async load(option: string) {
      const count = calls('--extcap-reload-option').length
      await moveToRow(option, 1)
      await desktop.press('space')
      const argv = await waitFor(desktop, `a load of ${option}`, () => calls('--extcap-reload-option')[count])
      const isRunning = () => home.processes().some((line) => line.includes('--extcap-reload-option'))
      await waitFor(desktop, 'its end', () => (isRunning() ? undefined : true))
      position = undefined
      expect(argv[argv.indexOf('--extcap-reload-option') + 1]).toBe(option)
      return argv
    },
    /** Selects the first entry of a list that begins so, or types the text of a field. */
    async choose(option: string, entryStart: string) {
      await moveToRow(option, 0)
      await desktop.type(entryStart)
    },
  }
}
