/** tcpdump's options, as far as kcap and its users pass them. https://www.tcpdump.org/manpages/tcpdump.1.html */
export interface TcpdumpArguments {
  readonly interfaceName: string | undefined
  readonly snapLength: number
  readonly packetCount: number
  readonly kernelBufferKib: number
  readonly isMicro: boolean
  readonly listsInterfaces: boolean
  readonly compilesOnly: boolean
  readonly filter: string
}

/** Message that tcpdump prints before it gives up. */
export class TcpdumpUsageError extends Error {}

const defaultSnapLength = 262_144
const defaultKernelBufferKib = 2048
const flagsWithValue = 'iscwBZyjrFTMzGWCQ'
const flagsAlone = 'nUpqvetKlSxXADdLNOIh#'

/**
 * Parses tcpdump's command line.
 * @throws {TcpdumpUsageError} when tcpdump would refuse it
 */
export function parseTcpdumpArguments(argv: readonly string[]): TcpdumpArguments {
  const values = new Map<string, string>()
  const flags = new Set<string>()
  let isMicro = true
  let i = 0
  for (; i < argv.length; i++) {
    const word = argv[i] as string
    if (word === '--') {
      i++
      break
    }
    if (word.startsWith('--')) {
      const [name = '', value] = word.slice(2).split('=')
      if (name === 'time-stamp-precision') isMicro = (value ?? argv[++i]) !== 'nano'
      else if (name === 'interface') values.set('i', value ?? argv[++i] ?? '')
      else if (name === 'snapshot-length') values.set('s', value ?? argv[++i] ?? '')
      else if (name === 'list-interfaces') flags.add('D')
      else if (!['immediate-mode', 'packet-buffered', 'no-promiscuous-mode', 'nano', 'micro'].includes(name))
        throw usage(`unrecognized option '${word}'`)
      else if (name === 'nano') isMicro = false
      continue
    }
    if (!word.startsWith('-') || word === '-') break
    for (let at = 1; at < word.length; at++) {
      const flag = word[at] as string
      if (flagsWithValue.includes(flag)) {
        const value = word.slice(at + 1) || argv[++i]
        if (value === undefined) throw usage(`option requires an argument -- '${flag}'`)
        values.set(flag, value)
        break
      }
      if (!flagsAlone.includes(flag)) throw usage(`invalid option -- '${flag}'`)
      flags.add(flag)
    }
  }
  const snapLength = readNumber(values.get('s') ?? '0', 'snaplen')
  return {
    interfaceName: values.get('i'),
    snapLength: snapLength === 0 ? defaultSnapLength : snapLength,
    packetCount: values.has('c') ? readNumber(values.get('c') ?? '', 'packet count') : Number.POSITIVE_INFINITY,
    kernelBufferKib: readNumber(values.get('B') ?? String(defaultKernelBufferKib), 'packet buffer size'),
    isMicro,
    listsInterfaces: flags.has('D'),
    compilesOnly: flags.has('d'),
    filter: argv.slice(i).join(' '),
  }
}

function readNumber(text: string, what: string): number {
  if (!/^\d+$/.test(text)) throw new TcpdumpUsageError(`tcpdump: invalid ${what} ${text}\n`)
  return Number(text)
}

function usage(problem: string): TcpdumpUsageError {
  return new TcpdumpUsageError(
    `tcpdump: ${problem}\ntcpdump version 4.99.5\nlibpcap version 1.10.5 (with TPACKET_V3)\nUsage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]\n`,
  )
}
