import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PacketBatch } from '../base/packet.ts'
import type { PacketSource, SourceEnd } from '../base/packet-source.ts'
import type { RemoteExit, StartRemoteProcess } from '../base/remote-process.ts'
import { makeCaptureReader } from '../packets/capture-reader.ts'
import { explainFailure } from './capture-failure.ts'
import { gunzipChunks } from './gunzip-chunks.ts'
import { readOutput } from './read-output.ts'
import { type SupervisedProgram, startSupervised } from './supervised-program.ts'

/**
 * Time after which a silent program counts as listening. Debian's tcpdump writes its header before it drops root, and gives up where it may not. It
 * reports when it listens; other programs may not.
 */
const settleMs = 250
/** Time limit from the start of the program to its pcap header. */
const startTimeoutMs = 30_000

export interface SupervisedCaptureOptions {
  readonly name: string
  readonly interfaceName: string
  readonly argv: readonly string[]
  readonly hasFilter: boolean
  /** Whether the remote host is asked to compress its stream. */
  readonly isCompressed: boolean
  /** Whether the network of a pod is entered from its node. */
  readonly entersPod: boolean
  /** Whether the program runs on this machine. */
  readonly isLocal?: boolean
  readonly start: StartRemoteProcess
  /** Password for sudo, if the argv says that it reads one. */
  readonly sudoPassword?: string | undefined
  /** Aborts the opening; `stop` ends an open source. */
  readonly signal: AbortSignal
}

/**
 * Starts a supervised capture program on the remote host and reads its packets. Resolves when the header of a pcap, or the first interface of a
 * pcapng, has arrived. A program that can't capture is thus an error, and not an empty capture.
 * @throws {KcapError} any code — when the program can't be started or does not capture
 */
export async function openSupervisedCapture(options: SupervisedCaptureOptions): Promise<PacketSource> {
  const program = await startSupervised(options.start, options.argv, options.signal, options.sudoPassword)
  const reader = makeCaptureReader(options.name)
  const arriving = readOutput(program)
  const gunzipped = options.isCompressed ? gunzipChunks(arriving, options.name) : undefined
  const chunks = gunzipped?.chunks ?? arriving
  const failure = () => reader.failure ?? gunzipped?.failure
  const first: PacketBatch[] = []
  let receivedBytes = 0
  let isSilent = false
  const giveUp = () => program.kill()
  const timer = setTimeout(() => {
    isSilent = true
    giveUp()
  }, startTimeoutMs)
  options.signal.addEventListener('abort', giveUp)
  if (options.signal.aborted) giveUp()
  try {
    while (reader.header === undefined && failure() === undefined) {
      const { value, done } = await chunks.next()
      if (done === true)
        throw isSilent ? explainSilence(program, options) : await explainNoHeader(program, receivedBytes, options)
      for (const chunk of value) {
        receivedBytes += chunk.length
        first.push(...reader.push(chunk))
      }
    }
    // A failure after the header comes with the packets before it.
    if (reader.header === undefined) throw failure()
    await Promise.race([program.listening, sleep(settleMs, undefined, { ref: false })])
    if (program.said.endedCode !== undefined && first.length === 0) {
      // Nothing more will arrive, and no packet was waiting.
      for await (const more of chunks) first.push(...more.flatMap((chunk) => reader.push(chunk)))
      if (first.every(({ count }) => count === 0)) throw await explainNoHeader(program, 0, options)
    }
  } catch (error) {
    program.stop()
    program.kill()
    throw error
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', giveUp)
  }

  let isStopping = false
  const stop = () => {
    isStopping = true
    program.stop()
  }
  let finish: (end: SourceEnd) => void = () => {}
  const ended = new Promise<SourceEnd>((resolve) => {
    finish = resolve
  })

  async function* readBatches(): AsyncGenerator<readonly PacketBatch[]> {
    yield first
    let heardMs = 0
    while (failure() === undefined) {
      const { value, done } = await chunks.next()
      if (done === true) break
      heardMs = monotonicClock.nowMs()
      yield value.flatMap((chunk) => reader.push(chunk))
    }
    if (failure() !== undefined) {
      stop()
      program.kill()
      // Unread chunks would keep the program alive.
      while ((await chunks.next()).done !== true);
    }
    const exit = await program.ended
    const { captured, received, dropped } = program.said.counters
    const breakOff = gunzipped?.isTorn
      ? 'the compressed stream ended in its middle'
      : reader.pendingLength > 0
        ? 'the stream ended in the middle of a packet'
        : undefined
    const error = failure() ?? (isStopping ? undefined : explainEnd(exit, program.said, breakOff, options))
    finish({
      statistics: { captured, received, dropped },
      error,
      heardMs: Math.max(heardMs, program.said.reportedMs),
    })
  }
  return {
    name: options.name,
    interfaceName: options.interfaceName,
    header: reader.header as NonNullable<typeof reader.header>,
    command: program.said.command,
    missingCompressor: program.said.missingCompressor,
    aheadMs: program.said.aheadMs,
    batches: readBatches(),
    ended,
    stop,
    kill: giveUp,
  }
}

const floodState = 'more words came on standard error than any capture program has'

/** Explains why nothing arrived. One cause is a host name in the filter: tcpdump resolves it before it opens the interface, and may hang. */
function explainSilence({ said: { lines } }: SupervisedProgram, { name }: SupervisedCaptureOptions): KcapError {
  const said = lines.at(-1)
  return new KcapError(
    'capture-program-failed',
    `cannot capture in "${name}": the capture program sent nothing within ${startTimeoutMs / 1000} s${said === undefined ? '' : `: ${said}`}`,
    { hints: ['name hosts in the filter by address, not by name', 'run it again with --verbose to see the command'] },
  )
}

/** Explains why no header arrived. `receivedBytes`: bytes of an incomplete header. */
async function explainNoHeader(
  program: SupervisedProgram,
  receivedBytes: number,
  options: SupervisedCaptureOptions,
): Promise<KcapError> {
  const exit = await program.ended
  options.signal.throwIfAborted()
  if (exit.kind === 'refused') return exit.error
  if (program.said.isFlooded && program.said.missing === undefined)
    return new KcapError('capture-program-failed', `cannot capture in "${options.name}": ${floodState}`, {
      hints: ['run it again with --verbose to see the command'],
    })
  const { missing, endedCode, hasNoPod, hasOtherPod, lines } = program.said
  if (missing === undefined && endedCode === undefined && exit.kind === 'lost') return exit.error
  return explainFailure({
    name: options.name,
    interfaceName: options.interfaceName,
    hasFilter: options.hasFilter,
    entersPod: options.entersPod,
    isLocal: options.isLocal === true,
    hasSudoPassword: options.sudoPassword !== undefined,
    hasBegun: program.said.command !== '',
    hasNoPod,
    hasOtherPod,
    missing,
    receivedBytes,
    lines,
    exitCode: endedCode ?? (exit.kind === 'exited' ? exit.code : undefined),
  })
}

/** Exit codes above it report a signal. */
const signalCodes = 128

function explainEnd(
  exit: RemoteExit,
  { lines, wasSilent, endedCode }: Pick<SupervisedProgram['said'], 'lines' | 'wasSilent' | 'endedCode'>,
  breakOff: string | undefined,
  options: SupervisedCaptureOptions,
): KcapError | undefined {
  if (exit.kind !== 'exited') return exit.error
  // A connection cut that was over before kcap noticed it.
  if (wasSilent)
    return new KcapError(
      'connection-lost',
      `cannot continue capturing "${options.name}": the connection was cut, and the remote side ended the capture`,
    )
  // From Kubernetes 1.30 on, the API server reports "Success" when the kubelet goes away; a supervisor that ends reports that first.
  if (exit.code === 0 && endedCode === undefined)
    return new KcapError(
      'connection-lost',
      `cannot continue capturing "${options.name}": the connection ended, and the capture program did not`,
    )
  if (exit.code === 0 && breakOff === undefined) return undefined
  const said = lines.at(-1)
  const state = breakOff ?? `the capture program ended with exit code ${exit.code}`
  return new KcapError(
    'capture-program-failed',
    `cannot continue capturing "${options.name}": ${state}${said === undefined ? '' : `: ${said}`}`,
    {
      hints: ['the packets up to here are kept; start the same command again'],
      facts: { mayHaveEnded: exit.code > signalCodes },
    },
  )
}
