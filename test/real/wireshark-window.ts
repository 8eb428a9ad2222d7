import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { test } from 'vitest'
import { hasPrograms } from '../support/has-program.ts'

const run = promisify(execFile)

const isRequired = process.env.KCAP_REQUIRE_REAL === '1'
const missing = ['tshark', 'wireshark', 'Xvfb', 'openbox', 'xdotool', 'import'].filter((name) => !hasPrograms(name))
if (missing.length > 0) console.log(`tests of Wireshark need: ${missing.join(', ')}`)
/** `test`, where Wireshark and what its window needs are there; needs no lab. */
export const wiresharkTest = missing.length === 0 || isRequired ? test : test.skip
export const hasWireshark = missing.length === 0

export const screenshotFolder = path.resolve('test/real/output')
const screenSize = { width: 1280, height: 1060 }

/** A user of Wireshark: settings, personal extcaps and temporary files apart from those of this machine's user. */
export interface WiresharkHome {
  readonly folder: string
  readonly temporaryFolder: string
  /** Folder where kcap keeps runtime files, named as the FIFOs of its windows begin. */
  readonly privateFolder: string
  readonly environment: NodeJS.ProcessEnv
  /** Command lines of what this user's programs have left running. */
  processes(): string[]
  /** Waits until none is left, then gives those that are. */
  lastProcesses(limitMs?: number): Promise<string[]>
  leftFiles(): string[]
  close(): Promise<void>
}

export async function makeWiresharkHome(
  environment: NodeJS.ProcessEnv,
  windowSize = { width: 1270, height: 1030 },
): Promise<WiresharkHome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kcap-wireshark-'))
  const [home, settings, temporaryFolder, runtime] = ['home', 'settings', 'tmp', 'run'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string, string]
  for (const name of [home, settings, temporaryFolder, runtime]) await mkdir(name, { mode: 0o700 })
  const privateFolder = path.join(runtime, 'kcap')
  const recent = {
    // Wireshark's dialog for root.
    'privs.warn_if_elevated': 'FALSE',
    'gui.geometry_main_x': 0,
    'gui.geometry_main_y': 0,
    'gui.geometry_main_width': windowSize.width,
    'gui.geometry_main_height': windowSize.height,
  }
  await writeFile(
    path.join(settings, 'recent_common'),
    Object.entries(recent)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  )
  const processIds = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && readProc(name, 'environ').includes(`HOME=${home}\0`))
      .filter((name) => !/^State:\s+Z/m.test(readProc(name, 'status')))
  // Wireshark's own traffic curves outlive a killed window until they draw the next point.
  const processes = () =>
    processIds()
      .map((id) => readProc(id, 'cmdline').replaceAll('\0', ' ').trim())
      .filter((line) => !line.startsWith('/usr/bin/dumpcap -S'))
  return {
    folder,
    temporaryFolder,
    privateFolder,
    environment: {
      ...process.env,
      SSH_AUTH_SOCK: undefined,
      KUBECONFIG: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      HOME: home,
      XDG_CONFIG_HOME: path.join(home, '.config'),
      XDG_RUNTIME_DIR: runtime,
      WIRESHARK_CONFIG_DIR: settings,
      TMPDIR: temporaryFolder,
      ...environment,
    },
    processes,
    async lastProcesses(limitMs = 2_000) {
      for (const startedMs = Date.now(); processes().length > 0 && Date.now() - startedMs < limitMs; ) await sleep(50)
      return processes()
    },
    leftFiles: () => [temporaryFolder, privateFolder].flatMap((place) => (existsSync(place) ? readdirSync(place) : [])),
    async close() {
      for (const id of processIds()) process.kill(Number(id), 'SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function readProc(id: string, name: string): string {
  try {
    return readFileSync(path.join('/proc', id, name), 'utf8')
  } catch {
    return ''
  }
}

export interface ProgramEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

/** Runs a program to its end; after the limit it is killed and `code` is null. */
export async function runToEnd(
  command: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  limitMs = 30_000,
): Promise<ProgramEnd> {
  const startedMs = Date.now()
  const child = spawn(command, argv, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  return { code, stdout, stderr, tookMs: Date.now() - startedMs }
}

/** A screen that nobody sees, with a window manager. */
export interface Desktop {
  readonly environment: NodeJS.ProcessEnv
  start(command: string, argv: readonly string[]): ChildProcess
  /** Returns the titles of all visible windows. */
  titles(): Promise<string[]>
  /** Waits for a window whose title begins so; its id. */
  waitForWindow(titleStart: string, limitMs?: number): Promise<string>
  /** Stops the capture as a user does: a click on a packet, then Ctrl+E. (In the filter field Ctrl+E goes to the end of the line.) */
  pressStop(window: string): Promise<void>
  /** Keys by the names that xdotool knows. */
  press(...keys: string[]): Promise<void>
  /** Into a list it selects the first entry that begins so. */
  type(text: string): Promise<void>
  /** Selects an interface of the start page by the start of its name. */
  selectInterface(nameStart: string): Promise<InterfaceRow>
  /** Ctrl+Q, and no to the question whether to save. */
  quit(wireshark: ChildProcess): Promise<void>
  takeScreenshot(name: string): Promise<void>
  close(): Promise<void>
}

/** The selected row of the start page's list. */
export interface InterfaceRow {
  /** The gear of the row; the window's id. */
  openOptions(): Promise<string>
  startCapture(): Promise<void>
}

export async function openDesktop(home: WiresharkHome): Promise<Desktop> {
  const screen = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', `${screenSize.width}x${screenSize.height}x24`, '-nolisten', 'tcp'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: home.environment,
    },
  )
  const display = await new Promise<string>((resolve, reject) => {
    screen.stdio[3]?.once('data', (chunk: Buffer) => resolve(`:${chunk.toString().trim()}`))
    screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
  })
  const environment = { ...home.environment, DISPLAY: display }
  const children = [spawn('openbox', [], { env: environment, stdio: 'ignore' }), screen]
  const xdotool = async (...argv: string[]) =>
    await run('xdotool', argv, { env: environment }).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    )
  // Visible windows of programs, not the helpers that toolkits and the window manager make.
  const listWindows = async () => {
    const ids = (await xdotool('search', '--onlyvisible', '--class', 'wireshark')).split('\n').filter((id) => id !== '')
    return await Promise.all(ids.map(async (id) => ({ id, title: await xdotool('getwindowname', id) })))
  }
  // The pointer goes away again: a row under it is lit, and a tooltip may open.
  const click = async (x: number, y: number, times = 1) => {
    const away = ['mousemove', `${screenSize.width - 1}`, `${screenSize.height - 1}`]
    await xdotool('mousemove', `${x}`, `${y}`, 'click', '--repeat', `${times}`, '--delay', '80', '1', ...away)
  }
  const press = async (...keys: string[]) => void (await xdotool('key', '--delay', '30', ...keys))
  const type = async (text: string) => void (await xdotool('type', '--delay', '30', text))
  const waitForRow = async () => {
    for (const startedMs = Date.now(); Date.now() - startedMs < 20_000; await sleep(100)) {
      const row = await findSelectedRow(environment)
      if (row !== undefined) return row
    }
    throw new Error('no interface is selected')
  }
  const desktop: Desktop = {
    environment,
    press,
    type,
    async selectInterface(nameStart) {
      const before = await waitForRow()
      await click(before.left + 300, before.middle)
      await type(nameStart)
      await sleep(300)
      const { left, middle } = await waitForRow()
      return {
        openOptions: async () => {
          await click(left + 11, middle)
          return await desktop.waitForWindow(`Wireshark · Interface Options: ${nameStart}`)
        },
        startCapture: async () => await click(left + 300, middle, 2),
      }
    },
    async quit(wireshark) {
      await press('ctrl+q')
      for (const startedMs = Date.now(); wireshark.exitCode === null; await sleep(100)) {
        if (Date.now() - startedMs > 10_000)
          throw new Error(`Wireshark does not quit: ${(await desktop.titles()).join(', ')}`)
        if ((await desktop.titles()).some((title) => title.startsWith('Unsaved packets'))) await press('alt+w')
      }
    },
    start(command, argv) {
      const child = spawn(command, argv, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
      children.unshift(child)
      return child
    },
    titles: async () => (await listWindows()).map(({ title }) => title).sort(),
    async waitForWindow(titleStart, limitMs = 20_000) {
      for (const startedMs = Date.now(); Date.now() - startedMs < limitMs; await sleep(100)) {
        const found = (await listWindows()).find(({ title }) => title.startsWith(titleStart))
        if (found !== undefined) return found.id
      }
      throw new Error(`no window "${titleStart}…": ${(await listWindows()).map(({ title }) => title).join(', ')}`)
    },
    async pressStop(window) {
      await xdotool('mousemove', '--window', window, '300', '140', 'click', '1')
      await sleep(300)
      await xdotool('key', 'ctrl+e')
    },
    async takeScreenshot(name) {
      await mkdir(screenshotFolder, { recursive: true })
      await run('import', ['-window', 'root', '-trim', '+repage', path.join(screenshotFolder, name)], {
        env: environment,
      })
    },
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        child.kill('SIGKILL')
        await new Promise((resolve) => child.once('exit', resolve))
      }
    },
  }
  return desktop
}

/** The one wide band of a strong colour below the menus is the selected row of the list. */
async function findSelectedRow(env: NodeJS.ProcessEnv): Promise<{ left: number; middle: number } | undefined> {
  const take = { env, encoding: 'buffer', maxBuffer: 1e7 } as const
  const { stdout: pixels } = await run('import', ['-window', 'root', '-depth', '8', 'rgb:-'], take)
  const colour = (x: number, y: number) => pixels.readUIntBE((y * screenSize.width + x) * 3, 3)
  const lines: { y: number; left: number }[] = []
  for (let y = 120; y < screenSize.height; y++) {
    // Where text crosses the middle, another line of the band decides.
    const own = colour(screenSize.width / 2, y)
    const channels = [own >> 16, (own >> 8) & 255, own & 255]
    if (Math.max(...channels) - Math.min(...channels) < 60) continue
    const same = Array.from({ length: screenSize.width }, (_, x) => x).filter((x) => colour(x, y) === own)
    if (same.length > screenSize.width / 3) lines.push({ y, left: same[0] ?? 0 })
  }
  const first = lines[0]
  if (first === undefined) return undefined
  return {
    left: Math.min(...lines.map(({ left }) => left)),
    middle: Math.round((first.y + (lines.at(-1)?.y ?? first.y)) / 2),
  }
}
