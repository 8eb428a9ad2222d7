import { linkSignals } from '../base/link-signals.ts'
import { makeChildEnvironment } from './child-environment.ts'
import { lookUpProgram } from './find-program.ts'
import { listDescendants } from './process-tree.ts'

export interface ProgramRun {
  /** Added to this process's environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Nothing of this process's own environment is handed on. */
  readonly isEnvironmentWhole?: boolean
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Whether the program may talk to the user: standard error and, without `input`, standard input stay the terminal's. */
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
  /** Why it was not started, in words that follow its name. */
  readonly startFailure?: string
  readonly isTimedOut: boolean
}

/** Kill what still runs; called when this process exits, which may come before a timer that was to kill it. */
const endings = new Set<() => void>()
let isWatchingExit = false

function atExit(end: () => void): () => void {
  if (!isWatchingExit)
    process.once('exit', () => {
      for (const one of endings) one()
    })
  isWatchingExit = true
  endings.add(end)
  return () => endings.delete(end)
}

const maxOutputBytes = 1_000_000
const defaultKillDelayMs = 500

/**
 * Runs a program of this machine to its end, without a shell. Never rejects for what the program does; a timeout or the signal kills it, and what
 * it has started. Its name is looked up on the PATH of its environment.
 */
export async function runProgram(argv: readonly [string, ...string[]], run: ProgramRun): Promise<ProgramResult> {
  const [command, ...words] = argv
  const env = makeChildEnvironment(run.environment, run.isEnvironmentWhole)
  const found = await lookUpProgram(command, env)
  if (found.file === undefined) return notStarted(found.state, found.isMissing)
  // Loaded when needed: most captures run no program here, and start-up counts.
  const { execa } = await import('execa')
  if (run.signal?.aborted) return notStarted('kcap was told to stop', false)
  // A group of its own can be killed whole; one that talks to the user must stay with the terminal.
  const isGroup = run.interactive !== true && process.platform !== 'win32'
  const timeout = AbortSignal.timeout(run.timeoutMs)
  const subprocess = execa(found.file, words, {
    env,
    extendEnv: false,
    ...(run.input === undefined
      ? { stdin: run.interactive ? ('inherit' as const) : ('ignore' as const) }
      : { input: run.input }),
    stderr: run.interactive ? ['inherit', 'pipe'] : 'pipe',
    detached: isGroup,
    maxBuffer: maxOutputBytes,
    reject: false,
  })
  const forget = atExit(() => {
    if (isGroup) killAll(subprocess, 'SIGKILL', isGroup, [])
  })
  const { signal, unlink } = linkSignals(timeout, ...(run.signal === undefined ? [] : [run.signal]))
  const stopWatching = onAbort(signal, () => {
    // Whom it has started is known only while it runs.
    const started = isGroup || subprocess.pid === undefined ? [] : listDescendants(subprocess.pid)
    const kill = (signal: NodeJS.Signals) => killAll(subprocess, signal, isGroup, started)
    kill('SIGTERM')
    const timer = setTimeout(() => {
      kill('SIGKILL')
      // Whoever still holds the pipes is not waited for.
      subprocess.stdout?.destroy()
      subprocess.stderr?.destroy()
    }, run.killDelayMs ?? defaultKillDelayMs)
    void subprocess.finally(() => {
      clearTimeout(timer)
      // The program has obeyed; what it has started may not have.
      kill('SIGKILL')
    })
  })
  const result = await subprocess
  forget()
  stopWatching()
  unlink()
  const isMissing = result.code === 'ENOENT'
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    isMissing,
    isTimedOut: timeout.aborted,
    // The system's own words: its interpreter is missing, it is no program.
    ...(result.code !== undefined &&
      result.exitCode === undefined && { startFailure: result.originalMessage ?? result.code }),
  }
}

function notStarted(startFailure: string, isMissing: boolean): ProgramResult {
  return { exitCode: undefined, stdout: '', stderr: '', isMissing, isTimedOut: false, startFailure }
}

function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) run()
  signal.addEventListener('abort', run, { once: true })
  return () => signal.removeEventListener('abort', run)
}

/** A group by its leader's number; else the program and whom it had started. */
function killAll(
  child: { pid?: number; kill(signal: NodeJS.Signals): boolean },
  signal: NodeJS.Signals,
  isGroup: boolean,
  started: readonly number[],
): void {
  if (child.pid === undefined) return
  for (const target of isGroup ? [-child.pid] : [child.pid, ...started]) {
    try {
      process.kill(target, signal)
    } catch {
      // It has ended in the meantime.
    }
  }
}
