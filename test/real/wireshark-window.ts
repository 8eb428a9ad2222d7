import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { test } from 'vitest'
import { hasProgram } from './lab.ts'

const run = promisify(execFile)

const isRequired = process.env.KCAP_REQUIRE_REAL === '1'
const missing = ['tshark', 'wireshark', 'Xvfb', 'openbox', 'xdotool', 'import'].filter((name) => !hasProgram(name))
if (missing.length > 0) console.log(`tests of Wireshark need: ${missing.join(', ')}`)
/** `test`, where Wireshark and what its window needs are there; needs no lab. */
export const wiresharkTest = missing.length === 0 || isRequired ? test : test.skip
export const hasWireshark = missing.length === 0

export const screenshotFolder = path.resolve('test/real/output')
const windowSize = { width: 1270, height: 1030 }

/** A user of Wireshark: settings, personal extcaps and temporary files apart from those of this machine's user. */
export interface WiresharkHome {
  readonly folder: string
  readonly temporaryFolder: string
  readonly environment: NodeJS.ProcessEnv
  /** Command lines of what this user's programs have left running. */
  processes(): string[]
  /** Waits until none is left, then gives those that are. */
  lastProcesses(limitMs?: number): Promise<string[]>
  leftFiles(): string[]
  close(): Promise<void>
}

export async function makeWiresharkHome(environment: NodeJS.ProcessEnv): Promise<WiresharkHome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kcap-wireshark-'))
  const [home, settings, temporaryFolder, runtime] = ['home', 'settings', 'tmp', 'run'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string, string]
  for (const name of [home, settings, temporaryFolder, runtime]) await mkdir(name, { mode: 0o700 })
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
  // Wireshark's own traffic curves outlive a window that is killed until they are to draw the next point.
  const processes = () =>
    processIds()
      .map((id) => readProc(id, 'cmdline').replaceAll('\0', ' ').trim())
      .filter((line) => !line.startsWith('/usr/bin/dumpcap -S'))
  return {
    folder,
    temporaryFolder,
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
    leftFiles: () => readdirSync(temporaryFolder),
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
  /** Titles of all windows that are to be seen. */
  titles(): Promise<string[]>
  /** Waits for a window whose title begins so; its id. */
  waitForWindow(titleStart: string, limitMs?: number): Promise<string>
  /** As a user does: a click on a packet, then Ctrl+E. (In the filter field Ctrl+E goes to the end of the line.) */
  pressStop(window: string): Promise<void>
  takeScreenshot(name: string): Promise<void>
  close(): Promise<void>
}

export async function openDesktop(home: WiresharkHome): Promise<Desktop> {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1060x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: home.environment,
  })
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
  return {
    environment,
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
      await run('import', ['-window', 'root', path.join(screenshotFolder, name)], { env: environment })
    },
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        child.kill('SIGKILL')
        await new Promise((resolve) => child.once('exit', resolve))
      }
    },
  }
}
