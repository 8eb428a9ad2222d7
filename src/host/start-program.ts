import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

/** kcap's own, and no business of the programs that it starts. */
export const ownSecrets = { KCAP_SSH_PASSWORD: undefined, KCAP_SUDO_PASSWORD: undefined } as const

/** A session of its own; on Windows that would be a window of its own, too. */
const apart = { detached: true, windowsHide: true } as const

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Starts a program of this machine that is spoken to while it runs, without a shell. In a session of its own: Ctrl-C on the terminal is
 * for this process to act on, and what the program still has to say must come home. Rejects with the system's error when it can't start.
 */
export async function startProgram(
  argv: readonly [string, ...string[]],
  environment: Environment,
): Promise<ChildProcessWithoutNullStreams> {
  const [command, ...words] = argv
  return await spawned(
    spawn(command, words, { ...apart, env: { ...process.env, ...ownSecrets, ...environment }, stdio: 'pipe' }),
  )
}

/** The same for a line that the user wrote for a shell: the one of the user's account. */
export async function startCommandLine(line: string): Promise<ChildProcessWithoutNullStreams> {
  const env = { ...process.env, ...ownSecrets }
  return await spawned(spawn(line, { ...apart, env, stdio: 'pipe', shell: process.env.SHELL || true }))
}

async function spawned(child: ChildProcessWithoutNullStreams): Promise<ChildProcessWithoutNullStreams> {
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
