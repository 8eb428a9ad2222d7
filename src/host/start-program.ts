import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

/**
 * Starts a program of this machine that is spoken to while it runs, without a shell. In a session of its own: Ctrl-C on the terminal is
 * for this process to act on, and what the program still has to say must come home. Rejects with the system's error when it can't start.
 */
export async function startProgram(
  argv: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
): Promise<ChildProcessWithoutNullStreams> {
  const [command, ...words] = argv
  const child = spawn(command, words, { env: { ...process.env, ...environment }, stdio: 'pipe', detached: true })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  return child
}
