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

/** Runs a program of this machine to its end, without a shell. Never rejects for what the program does; a timeout kills it. */
export async function runProgram(argv: readonly [string, ...string[]], run: ProgramRun): Promise<ProgramResult> {
  // Loaded when needed: most captures run no program here, and start-up counts.
  const { execa } = await import('execa')
  const [command, ...words] = argv
  const result = await execa(command, words, {
    env: { ...run.environment },
    extendEnv: run.isEnvironmentWhole !== true,
    ...(run.input === undefined
      ? { stdin: run.interactive ? ('inherit' as const) : ('ignore' as const) }
      : { input: run.input }),
    stderr: run.interactive ? ['inherit', 'pipe'] : 'pipe',
    timeout: run.timeoutMs,
    ...(run.signal && { cancelSignal: run.signal }),
    forceKillAfterDelay: 500,
    maxBuffer: maxOutputBytes,
    reject: false,
  })
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    isMissing: result.code === 'ENOENT',
    isTimedOut: result.timedOut,
  }
}
