import type { CaptureOptions } from '../base/capture-request.ts'

/**
 * Room in the kernel for a burst while the connection is busy; in KiB, as tcpdump counts it. The default 2 MiB lose at 1 Gbit/s. Frames that have
 * room for the snap length each, with `--immediate-mode`, need more of it.
 */
export const kernelBufferKib = { usual: 16_384, immediate: 32_768 } as const

/**
 * With `--immediate-mode` tcpdump delivers each packet at once instead of up to a second later, but libpcap then uses TPACKET_V2, whose frames all
 * have room for the snap length. 32 MiB hold 57,000 frames of 512 bytes, and 512 whole ones; the usual 16 MiB hold 110,000 of the smallest packets,
 * or 10,500 of 1,500 bytes. Bursts of 200,000 small packets at 1.1 million a second lost none in either; frames of 1,024 bytes lost some.
 */
const maxImmediateSnapLength = 512

/** Options that a tcpdump may lack: `nanoseconds` came with 4.6, `immediate` with 4.7. */
export interface TcpdumpFeatures {
  readonly nanoseconds: boolean
  readonly immediate: boolean
}

/** Returns the features to capture with, best first: asking for the version would cost every capture a round trip. */
export function listTcpdumpFeatures({ snapLength }: CaptureOptions): TcpdumpFeatures[] {
  const older = [
    { nanoseconds: true, immediate: false },
    { nanoseconds: false, immediate: false },
  ]
  const isShort = snapLength > 0 && snapLength <= maxImmediateSnapLength
  return isShort ? [{ nanoseconds: true, immediate: true }, ...older] : older
}

/**
 * Returns tcpdump's argv without the filter, which the supervisor adds as the last word.
 * https://www.tcpdump.org/manpages/tcpdump.1.html
 */
export function makeTcpdumpArgv(options: CaptureOptions, { nanoseconds, immediate }: TcpdumpFeatures): string[] {
  return [
    'tcpdump',
    '-i',
    options.interfaceName,
    '-s',
    String(options.snapLength),
    '-B',
    String(immediate ? kernelBufferKib.immediate : kernelBufferKib.usual),
    '-n',
    '-U',
    ...(nanoseconds ? ['--time-stamp-precision=nano'] : []),
    ...(immediate ? ['--immediate-mode'] : []),
    '-w',
    '-',
  ]
}

/** dumpcap, and tshark, which only starts it, know the same options. https://www.wireshark.org/docs/man-pages/dumpcap.html */
export function makeDumpcapArgv(program: 'dumpcap' | 'tshark', options: CaptureOptions): string[] {
  const { interfaceName, snapLength } = options
  return [
    program,
    '-i',
    interfaceName,
    '-s',
    String(snapLength),
    '-B',
    String(kernelBufferKib.usual / 1024),
    '-q',
    '-w',
    '-',
  ]
}

/** A tool that answers and ends, found also where a login that is not root's has no PATH to. */
export function makeToolArgv(argv: readonly string[]): string[] {
  return ['sh', '-c', 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; exec "$@"', 'sh', ...argv]
}
