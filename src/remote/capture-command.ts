import type { CaptureOptions } from '../base/capture-request.ts'

/**
 * Kernel buffer for bursts while the connection is busy, in KiB like tcpdump's option. The default of 2 MiB loses packets at 1 Gbit/s. Frames with
 * room for the whole snap length, used with `--immediate-mode`, need a larger one.
 */
export const kernelBufferKib = { usual: 16_384, immediate: 32_768 } as const

/**
 * Largest snap length for which `--immediate-mode` is used. With it, tcpdump delivers each packet at once instead of up to a second later, but
 * libpcap then uses TPACKET_V2, whose frames all have room for the snap length. 32 MiB hold 57,000 frames of 512 bytes, and 512 whole ones; the usual
 * 16 MiB hold 110,000 of the smallest packets, or 10,500 of 1,500 bytes. Bursts of 200,000 small packets at 1.1 million a second lost none in either;
 * frames of 1,024 bytes lost some.
 */
const maxImmediateSnapLength = 512

/** Options that a tcpdump may lack: `nanoseconds` arrived in 4.6, `immediate` in 4.7. */
export interface TcpdumpFeatures {
  readonly nanoseconds: boolean
  readonly immediate: boolean
}

/** Returns the feature sets to try, best first. Asking for the version would cost every capture a round trip. */
export function listTcpdumpFeatures({ snapLength }: CaptureOptions): TcpdumpFeatures[] {
  const older = [
    { nanoseconds: true, immediate: false },
    { nanoseconds: false, immediate: false },
  ]
  const isShort = snapLength > 0 && snapLength <= maxImmediateSnapLength
  return isShort ? [{ nanoseconds: true, immediate: true }, ...older] : older
}

/** Returns tcpdump's argv without the filter, which the supervisor appends as the last word. https://www.tcpdump.org/manpages/tcpdump.1.html */
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

/**
 * Returns the argv of dumpcap or tshark. They share their options, because tshark only starts dumpcap.
 * https://www.wireshark.org/docs/man-pages/dumpcap.html
 */
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

/** Returns the argv of a tool that answers and ends. It also finds tools in folders that are missing from a non-root login's PATH. */
export function makeToolArgv(argv: readonly string[]): string[] {
  return ['sh', '-c', 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; exec "$@"', 'sh', ...argv]
}
