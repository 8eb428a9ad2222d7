import { linkSignals } from '../base/link-signals.ts'
import { makeChildEnvironment } from './child-environment.ts'
import { lookUpProgram } from './find-program.ts'
import { listDescendants } from './process-tree.ts'

export interface ProgramRun {
  /** Variables added to this process's environment; undefined removes one. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Whether the program inherits nothing from this process's environment. */
  readonly isEnvironmentWhole?: boolean
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Whether the program may talk to the user. The terminal stays its standard error and, without `input`, its standard input. */
  readonly interactive?: boolean
  /** Text for standard input. */
  readonly input?: string
  /** Delay between SIGTERM and SIGKILL; default half a second. */
  readonly killDelayMs?: number
}

export interface ProgramResult {
  /** Exit code; undefined if the program could not start or was killed. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  readonly isMissing: boolean
  /** Why the program did not start, in words that follow its name. */
  readonly startFailure?: string
  readonly isTimedOut: boolean
}

/** Functions that kill the programs still running. They run when this process exits, which may happen before the timer for a SIGKILL. */
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
 * Runs a local program to its end, without a shell. Never rejects because of the program. A timeout or the signal kills it and its descendants. Its
 * name is looked up on the PATH of its environment.
 */
export async function runProgram(argv: readonly [string, ...string[]], run: ProgramRun): Promise<ProgramResult> {
  const [command, ...words] = argv
  const env = makeChildEnvironment(run.environment, run.isEnvironmentWhole)
  const found = await lookUpProgram(command, env)
  if (found.file === undefined) return notStarted(found.state, found.isMissing)
  // Loaded on demand: most captures run no local program, and start-up time counts.
  const { execa } = await import('execa')
  if (run.signal?.aborted) return notStarted('kcap was stopped', false)
  // A separate process group can be killed as a whole. A program that talks to the user must stay in the terminal's.
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
    // Its descendants are known only while it runs.
    const started = isGroup || subprocess.pid === undefined ? [] : listDescendants(subprocess.pid)
    const kill = (signal: NodeJS.Signals) => killAll(subprocess, signal, isGroup, started)
    kill('SIGTERM')
    const timer = setTimeout(() => {
      kill('SIGKILL')
      // Do not wait for other processes that keep the pipes open.
      subprocess.stdout?.destroy()
      subprocess.stderr?.destroy()
    }, run.killDelayMs ?? defaultKillDelayMs)
    void subprocess.finally(() => {
      clearTimeout(timer)
      // The program has obeyed; its descendants may not have.
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
    // The system's own explanation: the interpreter is missing, or the file is no program.
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

/** Kills a process group by its leader's PID, or the program and its descendants one by one. */
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
