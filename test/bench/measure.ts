import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'

const pcapHeaderLength = 24

export type Figure = Exclude<keyof Measured, 'stderr'>

export interface Measured {
  readonly wallMs: number
  /** CPU of the process and all it waited for. */
  readonly cpuMs: number
  readonly peakMib: number
  readonly bytes: number
  /** Time until the header of a pcap on standard output arrives, and until more follows it. */
  readonly headerMs: number
  readonly firstPacketMs: number
  /** Output of the program on standard error, and the measurements. */
  readonly stderr: string
}

/**
 * Runs an argv to its end, counting what it writes on standard output, and reads its CPU time and memory as the kernel accounts them
 * (`/usr/bin/time`-like, from /proc while it runs).
 */
export async function measure(
  argv: readonly string[],
  options: { environment?: Record<string, string> } = {},
): Promise<Measured> {
  const startMs = performance.now()
  const [program = '', ...words] = argv
  // GNU time prints the kernel's own figures of the process on its last line.
  const child = spawn('/usr/bin/time', ['-f', '\n%U %S %M', program, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
    detached: true,
  })
  let bytes = 0
  let headerMs = Number.NaN
  let firstPacketMs = Number.NaN
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += chunk))
  child.stdout.on('data', (chunk: Buffer) => {
    const tookMs = performance.now() - startMs
    if (bytes === 0) headerMs = tookMs
    if (bytes <= pcapHeaderLength && bytes + chunk.length > pcapHeaderLength) firstPacketMs = tookMs
    bytes += chunk.length
  })
  await new Promise((resolve) => child.on('close', resolve))
  const wallMs = performance.now() - startMs
  const [user = 0, system = 0, peakKb = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { wallMs, cpuMs: (user + system) * 1000, peakMib: peakKb / 1024, bytes, headerMs, firstPacketMs, stderr }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Runs both in turn, A B A B, after one round that is not counted; medians of the pairwise ratios hold when the machine drifts. */
export async function compare(rounds: number, a: () => Promise<Measured>, b: () => Promise<Measured>) {
  await a()
  await b()
  const pairs: [Measured, Measured][] = []
  for (let i = 0; i < rounds; i++) pairs.push([await a(), await b()])
  const ratios = (figure: Figure) => pairs.map(([ours, theirs]) => ours[figure] / theirs[figure])
  const ratio = (figure: Figure) => median(ratios(figure))
  /** The least and the greatest of the ratios. */
  const spread = (figure: Figure) => [Math.min(...ratios(figure)), Math.max(...ratios(figure))] as const
  const difference = (figure: Figure) => median(pairs.map(([ours, theirs]) => ours[figure] - theirs[figure]))
  const of = (side: 0 | 1, figure: Figure) => median(pairs.map((pair) => pair[side][figure]))
  return { ratio, spread, difference, of }
}
