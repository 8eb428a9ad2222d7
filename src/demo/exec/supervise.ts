import type { CaptureEnvironment } from './capture-environment.ts'
import type { ExecSocket } from './exec-socket.ts'
import { runTcpdump } from './tcpdump.ts'

/** The visible side of `remote/supervisor-script.ts`, which the demo does not interpret. */
const reportPrefix = 'kcap-report: '
const capturePrograms: readonly string[] = ['tcpdump', 'tshark', 'dumpcap']
/** Words before the program: capture id, sudo, own stream, filter. */
const filterWord = 3
const missingExitCode = 127

export interface SupervisorSettings {
  readonly silenceTimeoutMs: number
  /** How long a stopped capture waits for one more byte. */
  readonly graceMs: number
  readonly hasTcpdump: boolean
  readonly ignoresStop: boolean
}

export interface Supervised {
  readonly program: string
  readonly argv: readonly string[]
  readonly filter: string
}

/** `sh -c SCRIPT kcap WORD… tcpdump ARG…`, or undefined for any other command. */
export function parseSupervised(argv: readonly string[]): Supervised | undefined {
  const [shell, flag, , name, ...rest] = argv
  if (shell?.replace(/^.*\//, '') !== 'sh' || flag !== '-c' || name !== 'kcap') return undefined
  const at = rest.findIndex((word, i) => capturePrograms.includes(word) && i !== filterWord)
  if (at < 0) return undefined
  return {
    program: rest[at] as string,
    argv: rest.slice(at + 1),
    filter: at > filterWord ? (rest[filterWord] ?? '') : '',
  }
}

/** Runs the capture until it ends or the heartbeat on stdin says so; gives the exit code. */
export async function supervise(
  supervised: Supervised,
  io: ExecSocket,
  settings: SupervisorSettings,
  environment: Omit<CaptureEnvironment, 'terminated'>,
): Promise<number> {
  const { program } = supervised
  if (program !== 'tcpdump' || !settings.hasTcpdump) {
    await io.writeStderr(`${reportPrefix}missing ${program}\n`)
    return missingExitCode
  }
  const argv = supervised.filter === '' ? supervised.argv : [...supervised.argv, supervised.filter]
  await io.writeStderr(`${reportPrefix}using ${[program, ...argv].join(' ')}\n`)
  const timeMs = Date.now() + (environment.misbehaviour.clockOffsetMs ?? 0)
  await io.writeStderr(`${reportPrefix}clock ${(timeMs / 1000).toFixed(9)}\n`)

  const terminate = new AbortController()
  const kill = new AbortController()
  const killed = AbortSignal.any([environment.killed, kill.signal])
  const listening = listen(io, settings, { terminate: () => terminate.abort(), kill: () => kill.abort() })
  const code = await runTcpdump(argv, io, { ...environment, terminated: terminate.signal, killed })
  // A killed container takes the supervisor with it.
  if (environment.killed.aborted) return code
  await io.writeStderr(`${reportPrefix}ended ${code}\n`)
  await Promise.race([listening, aborted(environment.killed)])
  return code
}

/** `q` stops the program and waits for one more byte, `r` lets go of it, silence and the end of input kill it. */
async function listen(
  io: ExecSocket,
  settings: SupervisorSettings,
  program: { terminate: () => void; kill: () => void },
): Promise<void> {
  for (;;) {
    const byte = await io.readByte(settings.silenceTimeoutMs)
    if (settings.ignoresStop) {
      if (byte === undefined) return await io.gone.then(program.kill)
      continue
    }
    if (byte === 'r') return
    if (byte === 'h') await io.writeStderr(`${reportPrefix}alive\n`)
    if (byte === undefined) return program.kill()
    if (byte === 'q') {
      program.terminate()
      if ((await io.readByte(settings.graceMs)) === undefined) program.kill()
      return
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
