import { KcapError } from '../base/kcap-error.ts'
import type { PacketBatch } from '../base/packet.ts'
import type { PacketSource, SourceEnd } from '../base/packet-source.ts'
import type { RemoteExit, RemoteProcess, StartRemoteProcess } from '../base/remote-process.ts'
import { makePcapReader } from '../packets/pcap-reader.ts'
import { type CaptureReport, makeReportReader } from '../remote/capture-report.ts'
import { supervisorWords } from '../remote/supervisor-script.ts'
import { explainFailure } from './capture-failure.ts'
import { readChunks } from './read-chunks.ts'

const heartbeatMs = 5_000
/** From the start of the program to its pcap header. */
const startTimeoutMs = 30_000
/** The far side kills a capture program that does not hand over within 5 s of a stop; then nothing more comes. */
const stopTimeoutMs = 7_000
const maxKeptLines = 50

export interface SupervisedCaptureOptions {
  readonly name: string
  readonly interfaceName: string
  readonly argv: readonly string[]
  readonly hasFilter: boolean
  readonly start: StartRemoteProcess
  /** Aborts the opening; an open source is ended by `stop`. */
  readonly signal: AbortSignal
}

/**
 * Starts a supervised capture program on the far side and reads its packets. Resolves when the pcap header has come, so that a
 * program that can't capture is an error here and not an empty capture.
 */
export async function openSupervisedCapture(options: SupervisedCaptureOptions): Promise<PacketSource> {
  const remote = await options.start(options.argv, options.signal)
  const farSide = followReports(remote)
  const heartbeat = setInterval(() => remote.stdin.write(supervisorWords.heartbeat), heartbeatMs)
  const reader = makePcapReader(options.name)
  const chunks = readChunks(remote.stdout)
  const first: PacketBatch[] = []
  let isSilent = false
  const giveUp = () => remote.kill()
  const timer = setTimeout(() => {
    isSilent = true
    giveUp()
  }, startTimeoutMs)
  options.signal.addEventListener('abort', giveUp)
  try {
    while (reader.header === undefined && reader.failure === undefined) {
      const { value, done } = await chunks.next()
      if (done === true)
        throw isSilent ? explainSilence(farSide, options) : await explainNoHeader(remote, farSide, options)
      first.push(...value.flatMap((chunk) => reader.push(chunk)))
    }
    // A failure after the header comes with the packets before it.
    if (reader.header === undefined) throw reader.failure
  } catch (error) {
    clearInterval(heartbeat)
    remote.stdin.write(supervisorWords.stop)
    remote.kill()
    throw error
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', giveUp)
  }

  let stopTimer: NodeJS.Timeout | undefined
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    clearInterval(heartbeat)
    remote.stdin.write(supervisorWords.stop)
    stopTimer = setTimeout(() => remote.kill(), stopTimeoutMs)
  }
  let finish: (end: SourceEnd) => void = () => {}
  const ended = new Promise<SourceEnd>((resolve) => {
    finish = resolve
  })

  async function* readBatches(): AsyncGenerator<readonly PacketBatch[]> {
    yield first
    while (reader.failure === undefined) {
      const { value, done } = await chunks.next()
      if (done === true) break
      yield value.flatMap((chunk) => reader.push(chunk))
    }
    if (reader.failure !== undefined) {
      stop()
      remote.kill()
    }
    const exit = await remote.exited
    await farSide.done
    clearInterval(heartbeat)
    clearTimeout(stopTimer)
    const { captured, received, dropped } = farSide.counters
    const error =
      reader.failure ?? (isStopping ? undefined : explainEnd(exit, farSide.lines, reader.pendingLength, options))
    finish({ statistics: { captured, received, dropped }, error })
  }
  return {
    name: options.name,
    interfaceName: options.interfaceName,
    header: reader.header as NonNullable<typeof reader.header>,
    command: farSide.command(),
    batches: readBatches(),
    ended,
    stop,
    kill: () => remote.kill(),
  }
}

interface FarSide {
  readonly counters: Partial<Record<'captured' | 'received' | 'dropped' | 'droppedByInterface', number>>
  /** What the capture program itself said, newest last. */
  readonly lines: readonly string[]
  readonly reports: readonly CaptureReport[]
  readonly done: Promise<void>
  command(): string
}

function followReports(remote: RemoteProcess): FarSide {
  const reader = makeReportReader()
  const counters: FarSide['counters'] = {}
  const lines: string[] = []
  const reports: CaptureReport[] = []
  let command = ''
  const take = (report: CaptureReport) => {
    if (report.kind === 'counter') counters[report.counter] = report.count
    else if (report.kind === 'using') command = report.command
    else if (report.kind === 'text') lines.push(report.text)
    else if (report.kind === 'missing' || report.kind === 'ended') reports.push(report)
    if (lines.length > maxKeptLines) lines.shift()
    // The supervisor waits for this, so that its watcher ends too.
    if (report.kind === 'ended') remote.stdin.write(supervisorWords.release)
  }
  const done = (async () => {
    for await (const chunk of remote.stderr as AsyncIterable<Buffer>) reader.push(chunk).forEach(take)
    reader.end().forEach(take)
  })().catch(() => {})
  return { counters, lines, reports, done, command: () => command }
}

/** A filter with a host name whose look-up hangs, for one: tcpdump asks for it before it opens the interface. */
function explainSilence(farSide: FarSide, { name }: SupervisedCaptureOptions): KcapError {
  const said = farSide.lines.at(-1)
  return new KcapError(
    'capture-program-failed',
    `cannot capture in "${name}": the capture program sent nothing within ${startTimeoutMs / 1000} s${said === undefined ? '' : `: ${said}`}`,
    { hints: ['name hosts in the filter by address, not by name', 'run it again with --verbose to see the command'] },
  )
}

async function explainNoHeader(
  remote: RemoteProcess,
  farSide: FarSide,
  options: SupervisedCaptureOptions,
): Promise<KcapError> {
  const exit = await remote.exited
  await farSide.done
  options.signal.throwIfAborted()
  if (exit.kind === 'refused') return exit.error
  const missing = farSide.reports.find((report) => report.kind === 'missing')
  const ended = farSide.reports.find((report) => report.kind === 'ended')
  if (missing === undefined && ended === undefined && exit.kind === 'lost') return exit.error
  return explainFailure({
    name: options.name,
    interfaceName: options.interfaceName,
    hasFilter: options.hasFilter,
    missing: missing?.program,
    lines: farSide.lines,
    exitCode: ended?.code ?? (exit.kind === 'exited' ? exit.code : undefined),
  })
}

function explainEnd(
  exit: RemoteExit,
  lines: readonly string[],
  pendingLength: number,
  options: SupervisedCaptureOptions,
): KcapError | undefined {
  if (exit.kind !== 'exited') return exit.error
  if (exit.code === 0 && pendingLength === 0) return undefined
  const said = lines.at(-1)
  const state =
    pendingLength > 0
      ? 'the stream ended in the middle of a packet'
      : `the capture program ended with exit code ${exit.code}`
  return new KcapError(
    'capture-program-failed',
    `cannot go on capturing "${options.name}": ${state}${said === undefined ? '' : `: ${said}`}`,
    {
      hints: ['the packets up to here are kept; start the same command again'],
    },
  )
}
