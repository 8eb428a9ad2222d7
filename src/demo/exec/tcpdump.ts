import { FilterError } from '../../filter/errors.ts'
import type { Packet } from '../../filter/packet.ts'
import { compileFilter } from '../filter/compile-filter.ts'
import type { InterfaceName } from '../traffic/link-layer.ts'
import { microPcap, nanoPcap } from './capture-formats.ts'
import type { CaptureEnvironment } from './capture-program.ts'
import type { ExecSocket } from './exec-socket.ts'
import { parseTcpdumpArguments, type TcpdumpArguments, TcpdumpUsageError } from './tcpdump-arguments.ts'

const killedExitCode = 137
const interfaceList = [
  '1.eth0 [Up, Running, Connected]',
  '2.any (Pseudo-device that captures on all interfaces) [Up, Running]',
  '3.lo [Up, Running, Loopback]',
]
const defaultInterface = 'eth0'
const linkNames: Readonly<Record<InterfaceName, string>> = {
  any: 'LINUX_SLL2 (Linux cooked v2)',
  eth0: 'EN10MB (Ethernet)',
  lo: 'EN10MB (Ethernet)',
}

/** Behaves like tcpdump 4.99 in a pod's network namespace. Returns its exit code. */
export async function runTcpdump(
  argv: readonly string[],
  io: ExecSocket,
  environment: CaptureEnvironment,
): Promise<number> {
  let options: TcpdumpArguments
  try {
    options = parseTcpdumpArguments(argv)
  } catch (error) {
    if (!(error instanceof TcpdumpUsageError)) throw error
    await io.writeStderr(error.message)
    return 1
  }
  if (options.listsInterfaces) {
    await io.writeStdout(Buffer.from(`${interfaceList.join('\n')}\n`))
    return 0
  }
  const name = options.interfaceName ?? defaultInterface
  if (!(name in linkNames)) {
    await io.writeStderr(`tcpdump: ${name}: No such device exists\n(No such device exists)\n`)
    return 1
  }
  if (!environment.mayCapture && !options.compilesOnly) {
    await io.writeStderr(
      `tcpdump: ${name}: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n`,
    )
    return 1
  }
  if (name === 'any') await io.writeStderr('tcpdump: data link type LINUX_SLL2\n')
  let matches: (packet: Packet) => boolean
  try {
    matches = compileFilter(options.filter, name === 'any' ? 'cooked' : 'ethernet')
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    await io.writeStderr(`tcpdump: ${error.message}\n`)
    return 1
  }
  if (options.compilesOnly) {
    await io.writeStdout(Buffer.from(options.filter === '' ? '(000) ret      #262144\n' : compiledProgram))
    return 0
  }
  await io.writeStderr(
    `tcpdump: listening on ${name}, link-type ${linkNames[name as InterfaceName]}, snapshot length ${options.snapLength} bytes\n`,
  )
  const format = options.isMicro ? microPcap : nanoPcap
  const end = await environment.streamCapture({
    options,
    format,
    interfaceName: name as InterfaceName,
    matches,
    io,
    environment,
  })
  if (environment.killed.aborted) return killedExitCode
  await io.writeStderr(
    `${plural(end.captured)} captured\n${plural(end.captured + end.dropped)} received by filter\n${plural(end.dropped)} dropped by kernel\n`,
  )
  return end.exitCode
}

function plural(count: number): string {
  return `${count} packet${count === 1 ? '' : 's'}`
}

const compiledProgram = `(000) ldh      [0]
(001) jeq      #0x800           jt 2	jf 4
(002) ldb      [29]
(003) jeq      #0x6             jt 5	jf 4
(004) ret      #0
(005) ret      #262144
`
