import { linkSignals } from '../base/link-signals.ts'
import { hasProgram } from './has-program.ts'
import { ownSecrets } from './start-program.ts'

export interface ProgramRun {
  /** Added to this process's environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Nothing of this process's own environment is handed on. */
  readonly isEnvironmentWhole?: boolean
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Whether the program may talk to the user: standard input and error are then the terminal's. */
  readonly interactive?: boolean
  /** Text for its standard input. */
  readonly input?: string
  /** From the polite signal to the one that can't be refused; default half a second. */
  readonly killDelayMs?: number
}

export interface ProgramResult {
  /** undefined when the program could not be started or was killed. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  readonly isMissing: boolean
  readonly isTimedOut: boolean
}

const maxOutputBytes = 1_000_000
const defaultKillDelayMs = 500

/**
 * Runs a program of this machine to its end, without a shell. Never rejects for what the program does; a timeout kills it, and what it
 * has started.
 */
export async function runProgram(argv: readonly [string, ...string[]], run: ProgramRun): Promise<ProgramResult> {
  // Loaded when needed: most captures run no program here, and start-up counts.
  const { execa } = await import('execa')
  const [command, ...words] = argv
  // A group of its own can be killed whole; one that talks to the user must stay with the terminal.
  const detached = run.interactive !== true && process.platform !== 'win32'
  const timeout = AbortSignal.timeout(run.timeoutMs)
  const subprocess = execa(command, words, {
    env: { ...ownSecrets, ...run.environment },
    extendEnv: run.isEnvironmentWhole !== true,
    ...(run.input === undefined
      ? { stdin: run.interactive ? ('inherit' as const) : ('ignore' as const) }
      : { input: run.input }),
    stderr: run.interactive ? ['inherit', 'pipe'] : 'pipe',
    detached,
    maxBuffer: maxOutputBytes,
    reject: false,
  })
  const { signal, unlink } = linkSignals(timeout, ...(run.signal === undefined ? [] : [run.signal]))
  const stopWatching = onAbort(signal, () => {
    const kill = (signal: NodeJS.Signals) => killProgram(subprocess, signal, detached)
    kill('SIGTERM')
    const timer = setTimeout(() => {
      kill('SIGKILL')
      // Whoever still holds the pipes is not waited for.
      subprocess.stdout?.destroy()
      subprocess.stderr?.destroy()
    }, run.killDelayMs ?? defaultKillDelayMs)
    void subprocess.finally(() => clearTimeout(timer))
  })
  const result = await subprocess
  stopWatching()
  unlink()
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    isMissing: result.code === 'ENOENT' || (result.failed && (await isMissingOnWindows(command))),
    isTimedOut: timeout.aborted,
  }
}

/** There cmd.exe is started in place of what is not found, and says so in the user's language. */
async function isMissingOnWindows(command: string): Promise<boolean> {
  return process.platform === 'win32' && !(await hasProgram(command))
}

function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) run()
  signal.addEventListener('abort', run, { once: true })
  return () => signal.removeEventListener('abort', run)
}

function killProgram(
  child: { pid?: number; kill(signal: NodeJS.Signals): boolean },
  signal: NodeJS.Signals,
  isGroup: boolean,
) {
  try {
    if (isGroup && child.pid !== undefined) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // It has ended in the meantime.
  }
}
