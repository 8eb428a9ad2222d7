import { type ChildProcess, type ChildProcessWithoutNullStreams, type StdioOptions, spawn } from 'node:child_process'
import path from 'node:path'
import { makeChildEnvironment } from './child-environment.ts'
import { lookUpProgram } from './find-program.ts'

/** Options that start a program in its own session; on Windows, that would otherwise open a window. */
const apart = { detached: true, windowsHide: true } as const

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Starts a local program for a conversation while it runs, without a shell. It gets its own session: Ctrl-C in the terminal is for this process to
 * handle, and the program's last output must still arrive.
 * @throws {Error} the system's error, with the code ENOENT if there is no such program
 */
export async function startProgram(
  argv: readonly [string, ...string[]],
  environment: Environment,
): Promise<ChildProcessWithoutNullStreams> {
  return (await startDetached(argv, 'pipe', environment)) as ChildProcessWithoutNullStreams
}

/**
 * Starts a program like `startProgram`, with a choice of its streams: for one that outlives this process or needs fewer than three pipes.
 * @throws {Error} the system's error, with the code ENOENT if there is no such program
 */
export async function startDetached(
  [command, ...words]: readonly [string, ...string[]],
  stdio: StdioOptions,
  environment: Environment = {},
  folder?: string,
): Promise<ChildProcess> {
  const found = await lookUpProgram(command, { ...process.env, ...environment })
  if (found.file === undefined) throw Object.assign(new Error(found.state), { code: 'ENOENT' })
  return await spawned(
    spawn(found.file, words, { ...apart, env: makeChildEnvironment(environment), stdio, cwd: folder }),
  )
}

/** Starts a command line that the user wrote, in the shell of the user's account, otherwise like `startProgram`. */
export async function startCommandLine(line: string): Promise<ChildProcessWithoutNullStreams> {
  return await spawned(spawn(line, { ...apart, env: makeChildEnvironment(), stdio: 'pipe', shell: findShell() }))
}

function findShell(): string {
  const { SHELL = '', SystemRoot = 'C:\\Windows' } = process.env
  if (process.platform === 'win32') return path.join(SystemRoot, 'System32', 'cmd.exe')
  return path.isAbsolute(SHELL) ? SHELL : '/bin/sh'
}

async function spawned<Child extends ChildProcess>(child: Child): Promise<Child> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  return child
}

/** Kills a started program and all its descendants. It leads its own process group, and may be a script that runs the real program. */
export function killProgram(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}
