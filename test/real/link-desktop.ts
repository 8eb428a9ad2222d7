import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { addPlainUser } from './temporary-user.ts'
import { screenshotFolder } from './wireshark-window.ts'

/** An ordinary user at a desktop of their own: an X server that nobody sees, a window manager, kcap, and a Wireshark that records its start. */
export interface LinkDesktop {
  readonly home: string
  readonly kcapPath: string
  /** Runs a program to its end. */
  run(...argv: readonly string[]): string
  /** Starts a program, such as the one that a click starts. */
  start(...argv: readonly string[]): ChildProcess
  /** Waits for a window of zenity; its id. */
  waitForDialog(limitMs?: number): Promise<string>
  press(key: string): void
  takeScreenshot(name: string): void
  /** Command lines of the user's kcap processes. */
  processes(): string[][]
  /** Arguments of the Wiresharks that were started. */
  wiresharks(): string[]
  close(): Promise<void>
}

export async function openLinkDesktop(kubeconfig: string): Promise<LinkDesktop> {
  const user = addPlainUser('l')
  // The checkout may be where only root can read.
  const programFolder = mkdtempSync('/opt/kcap-opening-')
  chmodSync(programFolder, 0o755)
  execFileSync('cp', ['-r', 'dist', programFolder])
  execFileSync('chmod', ['-R', 'go+rX', programFolder])
  const kcapPath = path.join(programFolder, 'dist', 'kcap.cjs')
  const bin = path.join(user.home, 'bin')
  const started = path.join(user.home, 'wireshark-argv')
  mkdirSync(bin)
  // `kcap install` asks it for its version.
  const wireshark = `#!/bin/sh\n[ "$1" != --version ] || exit 1\nprintf '%s\\n' "$*" >>'${started}'\nhead -c 4000 "$3" >'${user.home}/packets'\n`
  writeFileSync(path.join(bin, 'wireshark'), wireshark, { mode: 0o755 })
  // A browser that xdg-open would try next.
  writeFileSync(path.join(bin, 'browser'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${user.home}/browser-argv'\n`, {
    mode: 0o755,
  })
  writeFileSync(path.join(user.home, 'kubeconfig'), kubeconfig)
  mkdirSync(path.join(user.home, 'run'), { mode: 0o700 })
  execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, user.home])
  mkdirSync('/tmp/.X11-unix', { recursive: true })
  chmodSync('/tmp/.X11-unix', 0o1777)
  const environment: NodeJS.ProcessEnv = {
    HOME: user.home,
    USER: user.name,
    SHELL: '/bin/sh',
    PATH: `${bin}:/usr/bin:/bin`,
    LC_ALL: 'C.UTF-8',
    KUBECONFIG: path.join(user.home, 'kubeconfig'),
    XDG_RUNTIME_DIR: path.join(user.home, 'run'),
    BROWSER: path.join(bin, 'browser'),
    NO_AT_BRIDGE: '1',
  }
  const identity = { uid: user.uid, gid: user.gid, cwd: user.home }
  const children: ChildProcess[] = []
  const start = (...[command = '', ...argv]: readonly string[]) => {
    const child = spawn(command, argv, { ...identity, env: environment, stdio: 'ignore', detached: true })
    children.unshift(child)
    return child
  }
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '900x600x24', '-nolisten', 'tcp'], {
    ...identity,
    env: environment,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  children.push(screen)
  environment.DISPLAY = await new Promise<string>((resolve, reject) => {
    screen.stdio[3]?.once('data', (chunk: Buffer) => resolve(`:${chunk.toString().trim()}`))
    screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
  })
  start('openbox')
  const run = (...[command = '', ...argv]: readonly string[]) =>
    execFileSync(command, argv, { ...identity, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return ''
    }
  }
  const listWindows = () => {
    try {
      return run('xdotool', 'search', '--onlyvisible', '--class', 'zenity').trim().split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
  return {
    home: user.home,
    kcapPath,
    run,
    start,
    async waitForDialog(limitMs = 20_000) {
      for (const startedMs = Date.now(); Date.now() - startedMs < limitMs; await sleep(100)) {
        const [id] = listWindows()
        if (id === undefined) continue
        run('xdotool', 'windowactivate', '--sync', id)
        // The window is there before its text is drawn.
        await sleep(500)
        return id
      }
      throw new Error('no dialog has opened')
    },
    press: (key) => void run('xdotool', 'key', '--clearmodifiers', key),
    takeScreenshot(name) {
      mkdirSync(screenshotFolder, { recursive: true })
      const file = path.join(screenshotFolder, name)
      execFileSync('import', ['-window', 'root', file], { env: { ...environment, HOME: '/root' } })
    },
    processes: () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).includes(`HOME=${user.home}\0`))
        .map((name) => read(`/proc/${name}/cmdline`).split('\0').slice(0, -1))
        .filter((argv) => argv[1] === kcapPath),
    wiresharks: () => read(started).split('\n').filter(Boolean),
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue
        try {
          process.kill(child === screen ? child.pid : -child.pid, 'SIGKILL')
        } catch {
          continue
        }
        await new Promise((resolve) => child.once('exit', resolve))
      }
      user.remove()
      rmSync(programFolder, { recursive: true, force: true })
    },
  }
}
