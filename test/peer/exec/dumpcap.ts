import type { CaptureEnvironment } from '../../../src/demo/exec/capture-program.ts'
import type { ExecSocket } from '../../../src/demo/exec/exec-socket.ts'
import { compileFilter } from '../../../src/demo/filter/compile-filter.ts'
import type { InterfaceName } from '../../../src/demo/traffic/link-layer.ts'
import { FilterError } from '../../../src/filter/errors.ts'
import type { Packet } from '../../../src/filter/packet.ts'
import { makePcapng } from './pcapng-format.ts'

const killedExitCode = 137
const interfaceNames: readonly string[] = ['any', 'eth0', 'lo']
const flagsWithValue: readonly string[] = ['-i', '-s', '-B', '-c', '-f', '-w', '-y', '-F']
const defaults = { interfaceName: 'eth0', snapLength: 262_144, bufferMib: 2 } as const

/** Behaves like dumpcap 4.4 in a pod's network namespace; returns its exit code. https://www.wireshark.org/docs/man-pages/dumpcap.html */
export async function runDumpcap(
  argv: readonly string[],
  io: ExecSocket,
  environment: CaptureEnvironment,
): Promise<number> {
  const values = readValues(argv)
  const name = values.get('-i') ?? defaults.interfaceName
  const filter = values.get('-f') ?? ''
  if (!interfaceNames.includes(name)) {
    await io.writeStderr(
      `Capturing on '${name}'\ndumpcap: The capture session could not be initiated on interface '${name}' (No such device exists).\nPlease check that you have the proper interface or pipe specified.\n`,
    )
    return 2
  }
  if (!environment.mayCapture) {
    await io.writeStderr(
      `Capturing on '${name}'\ndumpcap: The capture session could not be initiated on interface '${name}' (You don't have permission to capture on that device).\nPlease check to make sure you have sufficient permissions.\n`,
    )
    return 2
  }
  let matches: (packet: Packet) => boolean
  try {
    matches = compileFilter(filter, name === 'any' ? 'cooked' : 'ethernet')
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    await io.writeStderr(
      `Capturing on '${name}'\ndumpcap: Invalid capture filter "${filter}" for interface '${name}'.\n\nThat string isn't a valid capture filter (${error.message}).\nSee the User's Guide for a description of the capture filter syntax.\n`,
    )
    return 2
  }
  await io.writeStderr(`Capturing on '${name}'\nFile: -\n`)
  const end = await environment.streamCapture({
    options: {
      snapLength: Number(values.get('-s') ?? 0) || defaults.snapLength,
      packetCount: Number(values.get('-c') ?? Number.POSITIVE_INFINITY),
      kernelBufferKib: Number(values.get('-B') ?? defaults.bufferMib) * 1024,
    },
    format: makePcapng(name, filter),
    interfaceName: name as InterfaceName,
    matches,
    io,
    environment,
  })
  if (environment.killed.aborted) return killedExitCode
  const share = end.captured === 0 ? 0 : (100 * end.captured) / (end.captured + end.dropped)
  await io.writeStderr(
    `Packets captured: ${end.captured}\nPackets received/dropped on interface '${name}': ${end.captured}/${end.dropped} (pcap:${end.dropped}/dumpcap:0/flushed:0/ps_ifdrop:0) (${share.toFixed(1)}%)\n`,
  )
  return end.exitCode
}

function readValues(argv: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (flagsWithValue.includes(word)) values.set(word, argv[++i] ?? '')
  }
  return values
}
