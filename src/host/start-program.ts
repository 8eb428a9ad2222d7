import { type ChildProcess, type ChildProcessWithoutNullStreams, type StdioOptions, spawn } from 'node:child_process'
import path from 'node:path'
import { makeChildEnvironment } from './child-environment.ts'
import { lookUpProgram } from './find-program.ts'

/** A session of its own; on Windows that would be a window of its own, too. */
const apart = { detached: true, windowsHide: true } as const

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Starts a program of this machine that is spoken to while it runs, without a shell. In a session of its own: Ctrl-C on the terminal is
 * for this process to act on, and what the program still has to say must come home. Rejects when it can't start, for a program that is not
 * there with the code ENOENT.
 */
export async function startProgram(
  argv: readonly [string, ...string[]],
  environment: Environment,
): Promise<ChildProcessWithoutNullStreams> {
  return (await startApart(argv, 'pipe', environment)) as ChildProcessWithoutNullStreams
}

/** The same for a program that outlives this process, or needs less of it than three pipes. */
export async function startApart(
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

/** The same as `startProgram` for a line that the user wrote for a shell: the one of the user's account. */
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

/** Ends a started program with all that it has started: it leads a group of its own, and may be a script that runs the real one. */
export function killProgram(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}
