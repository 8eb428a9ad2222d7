import type { CaptureOptions } from '../base/capture-request.ts'

/** Room in the kernel for a burst while the connection is busy; in KiB, as tcpdump counts it. The default 2 MiB lose at 1 Gbit/s. */
const kernelBufferKib = 16_384

/**
 * tcpdump's argv without the filter, which the supervisor adds as the last word.
 * https://www.tcpdump.org/manpages/tcpdump.1.html
 */
export function makeTcpdumpArgv(options: CaptureOptions, timestamps: 'nano' | 'micro'): string[] {
  return [
    'tcpdump',
    '-i',
    options.interfaceName,
    '-s',
    String(options.snapLength),
    '-B',
    String(kernelBufferKib),
    '-n',
    '-U',
    ...(timestamps === 'nano' ? ['--time-stamp-precision=nano'] : []),
    '-w',
    '-',
  ]
}

/** dumpcap, and tshark, which only starts it, know the same options. https://www.wireshark.org/docs/man-pages/dumpcap.html */
export function makeDumpcapArgv(program: 'dumpcap' | 'tshark', options: CaptureOptions): string[] {
  const { interfaceName, snapLength } = options
  return [program, '-i', interfaceName, '-s', String(snapLength), '-B', String(kernelBufferKib / 1024), '-q', '-w', '-']
}

/** A tool that answers and ends, found also where a login that is not root's has no PATH to. */
export function makeToolArgv(argv: readonly string[]): string[] {
  return ['sh', '-c', 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; exec "$@"', 'sh', ...argv]
}
