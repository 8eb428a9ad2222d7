import type { CaptureRequest } from '../base/capture-request.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { PacketStreamHeader } from '../base/packet.ts'
import type { SourceEnd } from '../base/packet-source.ts'
import { printable } from '../base/printable.ts'
import type { CaptureWriter } from './capture-writer.ts'
import { describeClock, describeSource } from './describe-capture.ts'
import type { CaptureRun, CaptureTarget } from './keep-capturing.ts'
import { type OpenTarget, type OpenTargetOptions, openTarget } from './open-target.ts'
import type { PacketOutput } from './packet-output.ts'
import type { PacketPump } from './packet-pump.ts'
import { makePushBatches } from './push-batches.ts'
import type { SourceProgress } from './session-progress.ts'
import type { SessionStop } from './session-stop.ts'
import { makeSourceInterfaces } from './source-interfaces.ts'

// Tested by test/session/odd-streams.test.ts.

export interface CaptureTargetOptions extends Omit<OpenTargetOptions, 'onUpload' | 'onRead'> {
  readonly request: CaptureRequest
  readonly sessionStop: SessionStop
  readonly writer: CaptureWriter
  readonly pump: PacketPump
  readonly output: PacketOutput
  /** Settles when the resolved names are in the stream, or are too late to wait for. */
  readonly namesReady: () => Promise<void>
}

/** Codes of errors that packets of one source cause; other sources continue. */
const ofSource: readonly ErrorCode[] = ['usage', 'corrupt-capture']

/** Makes the function that captures one target: it opens route and source, adds the interface, and hands the packets to the pump. */
export function makeCaptureTarget(options: CaptureTargetOptions): CaptureTarget {
  const { request, routes, sessionStop, writer, pump, output, log } = options
  const interfaces = makeSourceInterfaces(writer, output, options.namesReady)

  async function readPackets(
    { source, description: how }: OpenTarget,
    figures: SourceProgress,
    run: CaptureRun,
    release: () => void,
  ): Promise<SourceEnd> {
    log(`${source.name}: ${source.command || how}`, { component: 'session', target: source.name })
    const isFirst = !figures.hasBegun
    const clock = describeClock(source)
    if (clock !== undefined) options.tell(`${source.name}: ${clock}; its time stamps are left as they are`)
    if (source.missingCompressor !== undefined)
      options.tell(`${source.name}: not compressed: there is no "${source.missingCompressor}"`)
    const stopWatching = sessionStop.onEnd(source.stop)
    run.signal.addEventListener('abort', source.stop)
    if (run.signal.aborted) source.stop()
    const description = describeSource(source, how)
    const findInterface = (header: PacketStreamHeader) => interfaces.find(source, figures, header, description)
    let refusal: KcapError | undefined
    /** Ends only this source if its own packets are the reason, else the whole capture. */
    const fail = (error: unknown) => {
      if (!(error instanceof KcapError && ofSource.includes(error.code))) return output.fail(error)
      refusal = error
      source.stop()
    }
    const input = await findInterface(source.header).then(pump.addSource, isFirst ? output.fail : fail)
    const push =
      input && makePushBatches({ sourceName: source.name, input, endsIn2106: writer.endsIn2106, findInterface })
    release()
    figures.begin()
    run.markUp()
    sessionStop.startClock(request.limits.durationMs)
    let comment = run.comment && printable(run.comment())
    for await (const batches of source.batches) {
      if (batches.length === 0 || refusal !== undefined) continue
      const waiting = push?.(batches, comment)
      comment = undefined
      if (waiting !== undefined) await waiting.catch(fail)
    }
    input?.end()
    stopWatching()
    // The signal may outlive this capture of the target. A listener on it would keep everything that was read in memory.
    run.signal.removeEventListener('abort', source.stop)
    const end = refusal === undefined ? await source.ended : { ...(await source.ended), error: refusal }
    if (end.error !== undefined)
      log(`${source.name}: ${end.error.message}`, { level: 'error', component: 'session', target: source.name })
    return end
  }

  return async (target, figures, run) => {
    const { signal, unlink } = linkSignals(routes.signal, run.signal)
    // The first packets are captured before kcap knows that the capture runs. Packets of other sources must not overtake them.
    const release = pump.hold()
    try {
      const opened = await openTarget(target, {
        ...options,
        onUpload: figures.showUpload,
        onRead: figures.showRead,
        routes: { ...routes, signal },
      })
      try {
        return await readPackets(opened, figures, run, release)
      } finally {
        await opened.close()
      }
    } finally {
      release()
      unlink()
    }
  }
}
