import { script } from './probe.sh'

/** What a container or a host offers for a capture. */
export interface RemoteFacts {
  /** Installed programs among `probedPrograms`. */
  readonly programs: readonly string[]
  readonly userId: number | undefined
  /** Whether the user may open raw sockets. */
  readonly mayCapture: boolean | undefined
  /** Machine type as in `uname -m`: `x86_64`; undefined if unknown. */
  readonly machine: string | undefined
  /** Whether sudo starts nsenter as root without a password. */
  readonly maySudo: boolean
  /** Remote clock, in milliseconds since the epoch. */
  readonly timeMs: number | undefined
}

const probedPrograms = ['tcpdump', 'tshark', 'dumpcap', 'timeout', 'head', 'sleep', 'nsenter', 'sudo'] as const
const netRawBit = 13

/** Returns the argv of the probe, which uses shell built-ins as far as possible. */
export function makeProbeArgv(): string[] {
  return ['sh', '-c', script, 'kcap-probe', ...probedPrograms]
}

/** Parses the probe's output. Leaves out malformed values. */
export function parseProbe(text: string): RemoteFacts {
  const value = (key: string, pattern: string) => new RegExp(`^${key} (${pattern})`, 'm').exec(text)?.[1]
  const capabilities = value('capabilities', '[0-9a-f]{8,16}')
  const userId = value('user', '\\d{1,10}')
  const seconds = value('time', '\\d{1,12}\\.\\d+')
  const named = [...text.matchAll(/^program ([\w-]{1,32})$/gm)].map(([, program = '']) => program)
  return {
    programs: probedPrograms.filter((program) => named.includes(program)),
    userId: userId === undefined ? undefined : Number(userId),
    mayCapture:
      capabilities === undefined ? undefined : ((BigInt(`0x${capabilities}`) >> BigInt(netRawBit)) & 1n) === 1n,
    maySudo: value('sudo', 'yes') !== undefined,
    machine: value('machine', '[\\w-]{1,32}'),
    timeMs: seconds === undefined ? undefined : Number(seconds) * 1000,
  }
}
