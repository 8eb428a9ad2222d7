import { constants, gzipSync } from 'node:zlib'
import { parseIpv4Address } from '../traffic/ipv4.ts'
import type { Scene } from '../traffic/scene.ts'
import type { CaptureEnvironment, CaptureProgram } from './capture-program.ts'
import type { ExecSocket } from './exec-socket.ts'

/** Prefix of the reports of `remote/supervisor-script.ts`, which the demo imitates instead of interpreting. */
const reportPrefix = 'kcap-report: '
const missingExitCode = 127
/** PID of a process in the pod whose network is entered. */
const processId = 4711

export interface SupervisorSettings {
  readonly silenceTimeoutMs: number
  /** How long a stopped capture waits for one more byte. */
  readonly graceMs: number
  /** Installed capture programs. */
  readonly programs: readonly CaptureProgram[]
  /** Returns the scene inside a running pod of the same node. */
  readonly findScene: (uid: string) => Scene | undefined
}

export interface Supervised {
  readonly filter: string
  /** Network: `here`, or `pod:` followed by the pod's possible names in cgroups and its addresses. */
  readonly network: string
  readonly isCompressed: boolean
  /** Argv of each program; the first one installed runs. */
  readonly programs: readonly (readonly string[])[]
}

/**
 * Parses `sh -c SCRIPT kcap ID RAISE OWN FILTER NETWORK COMPRESSION COUNT PROGRAM ARG… [COUNT PROGRAM ARG…]…`; returns undefined for any other
 * command.
 */
export function parseSupervised(argv: readonly string[]): Supervised | undefined {
  const [shell, flag, , name, , , , filter = '', network = '', compression, ...rest] = argv
  if (shell?.replace(/^.*\//, '') !== 'sh' || flag !== '-c' || name !== 'kcap') return undefined
  const programs: (readonly string[])[] = []
  for (let at = 0; at < rest.length; ) {
    const count = Number(rest[at])
    if (!(count >= 1)) break
    programs.push(rest.slice(at + 1, at + 1 + count))
    at += 1 + count
  }
  return programs.length === 0 ? undefined : { filter, network, isCompressed: compression === 'gzip', programs }
}

/** Runs the capture until it ends or stdin stops it. Returns the exit code. */
export async function supervise(
  supervised: Supervised,
  io: ExecSocket,
  settings: SupervisorSettings,
  environment: Omit<CaptureEnvironment, 'terminated'>,
): Promise<number> {
  const { filter, network } = supervised
  const refuse = async (words: string) => {
    await io.writeStderr(`${reportPrefix}${words}\n`)
    return missingExitCode
  }
  const found = findProgram(supervised.programs, settings.programs)
  if (found === undefined) return await refuse(`missing ${supervised.programs[0]?.[0]}`)
  const [, uids, ...addresses] = /^pod:(\S+) (.+)$/.exec(network) ?? []
  const scene = uids === undefined ? environment.scene : findScene(uids, settings)
  if (scene === undefined) return await refuse('no-pod')
  if (addresses.some((address) => parseIpv4Address(address) !== scene.self.address)) return await refuse('other-pod')
  const { program } = found
  const argv = [...found.argv.slice(1), ...(filter === '' ? [] : program.filterWords(filter))]
  const entered = uids === undefined ? [] : ['nsenter', '-t', processId, '-n', '--']
  await io.writeStderr(`${reportPrefix}using ${[...entered, found.argv[0], ...argv].join(' ')}\n`)
  await io.writeStderr(`${reportPrefix}clock ${(environment.nowMs() / 1000).toFixed(9)}\n`)

  const terminate = new AbortController()
  const kill = new AbortController()
  const killed = AbortSignal.any([environment.killed, kill.signal])
  const listening = listen(io, settings, { terminate: () => terminate.abort(), kill: () => kill.abort() })
  const output = supervised.isCompressed ? compressOutput(io) : io
  const code = await program.run(argv, output, { ...environment, scene, terminated: terminate.signal, killed })
  // Killing the container kills the supervisor too.
  if (environment.killed.aborted) return code
  await io.writeStderr(`${reportPrefix}ended ${code}\n`)
  await Promise.race([listening, aborted(environment.killed)])
  return code
}

/** Makes each write a gzip member. On a real remote side, each read becomes one. */
function compressOutput(io: ExecSocket): ExecSocket {
  return { ...io, writeStdout: (bytes) => io.writeStdout(gzipSync(bytes, { level: constants.Z_BEST_SPEED })) }
}

function findProgram(wanted: readonly (readonly string[])[], installed: readonly CaptureProgram[]) {
  for (const argv of wanted) {
    const program = installed.find(({ name }) => name === argv[0]?.replace(/^.*\//, ''))
    if (program !== undefined) return { program, argv }
  }
  return undefined
}

function findScene(uids: string, settings: SupervisorSettings): Scene | undefined {
  return uids
    .split(',')
    .map(settings.findScene)
    .find((scene) => scene !== undefined)
}

/** Handles stdin: `q` stops the program and waits for one more byte, `r` releases it, silence and the end of input kill it. */
async function listen(
  io: ExecSocket,
  settings: SupervisorSettings,
  program: { terminate: () => void; kill: () => void },
): Promise<void> {
  for (;;) {
    const byte = await io.readByte(settings.silenceTimeoutMs)
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
