import type { CaptureRequest } from '../base/capture-request.ts'
import { monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import { refuseUnreadableUpload } from '../capture/refuse-upload.ts'
import { isRemoved } from '../output/output-error.ts'
import { findPodEnd } from '../target/find-pod-end.ts'
import { resolveTargets } from '../target/resolve-targets.ts'
import { makeCaptureTarget } from './capture-target.ts'
import { refuseBadFilters } from './check-filter.ts'
import { explainDenial } from './explain-denial.ts'
import { followTargets } from './follow-targets.ts'
import { openSharing } from './open-sharing.ts'
import { openWriter } from './open-writer.ts'
import { makePacketOutput } from './packet-output.ts'
import { makePacketPump } from './packet-pump.ts'
import { makeReach } from './reach.ts'
import type { SessionContext } from './session-context.ts'
import { makeProgress, type SessionSummary } from './session-progress.ts'
import { makeSessionStop } from './session-stop.ts'
import { makeSharedNotes } from './shared-notes.ts'
import { makeSourceSet } from './source-set.ts'
import { isStored, makeStoredSources } from './stored-sources.ts'
import { makeKeyWriter } from './write-keys.ts'
import { writeNames } from './write-names.ts'

/**
 * Delay of the header in a live stream. Wireshark opens its next interface when it has the first bytes of this one, so they must not wait for a slow
 * login. But a capture that fails after them gets a second dialog, "No packets captured". Most failures are known within this delay.
 */
const headerDelayMs = 1_000
/** Poll interval of the remote host's `tail` for a file that does not exist yet. */
const remoteKeyLagMs = 1_000

/**
 * Runs a whole capture: request → targets → routes → sources → merged packets → writer. Settles after everything it started has ended, here and on
 * the remote side.
 * @throws {KcapError} any code — when nothing was captured (the first reason counts), or the output could not be written
 */
export async function runSession(request: CaptureRequest, context: SessionContext): Promise<SessionSummary> {
  const { tell, log, clock = monotonicClock } = context
  const opening = new AbortController()
  const nothingLeft = new AbortController()
  const sessionStop = makeSessionStop(context.signal, (reason) => opening.abort(reason))
  const stopReason = () => sessionStop.reason() ?? 'remote side ended'
  const { signal } = opening
  await refuseUnreadableUpload(request.uploadPath)
  const output = await openWriter(request, signal, tell).catch((error: unknown) =>
    // Interrupted while a FIFO had no reader.
    Promise.reject(context.signal.aborted ? context.signal.reason : error),
  )
  const share = await openSharing(request, output.writer, context).catch(async (error: unknown) => {
    await output.close()
    throw error
  })
  const { writer } = share
  void output.readerGone.then(() => sessionStop.end('reader gone'))
  const progress = makeProgress(output.name)
  const packets = makePacketOutput(writer, request.limits, sessionStop)
  const reach = makeReach(request, context, signal, share.port)
  const { clusters } = reach
  const keys = makeKeyWriter({ request, writer, fail: packets.fail, tell })
  const stored = isStored(request.targets) ? makeStoredSources() : undefined
  const windowMs = stored === undefined ? request.mergeWindowMs + keyLagMs(request) : Number.POSITIVE_INFINITY
  const pump = makePacketPump(windowMs, (runs) => {
    keys.writeNeeded(runs)
    return packets.write(stored?.noteAbsences(runs) ?? runs)
  })
  let namesReady = Promise.resolve()
  const capture = makeCaptureTarget({
    request,
    routes: reach.routes,
    sessionStop,
    writer,
    pump,
    output: packets,
    namesReady: () => namesReady,
    keys,
    notes: makeSharedNotes({ request, writer, keys, fail: packets.fail }),
    tell,
    log,
  })
  const sources = makeSourceSet({
    limit: request.maxPods,
    startComment: request.startComment,
    capture: stored?.watch(capture) ?? capture,
    reconnectMs: request.reconnectMs,
    renewLogin: reach.renewLogin,
    findEnd: (target) => findPodEnd(target, clusters, signal),
    addFigures: progress.addSource,
    sessionStop: signal,
    onNothingLeft: () => nothingLeft.abort(),
    tell,
    clock,
  })

  let headerTimer: NodeJS.Timeout | undefined
  let hasSettled = false
  try {
    context.watch?.(progress)
    if (output.isLive) headerTimer = setTimeout(() => void writer.begin().catch(packets.fail), headerDelayMs)
    const [targets] = await Promise.all([
      resolveTargets(request.targets, clusters, signal, {
        explain: (error, name, home) => explainDenial(error, name, request, home),
        mayBeAbsent: request.waitsForPods,
      }),
      refuseBadFilters(request.capture, signal),
    ])
    namesReady = writeNames(targets, { request, clusters, writer, fail: packets.fail, signal, log })
    const following = keys.followFile(signal)
    const release = needsKeys(request) ? pump.hold() : () => {}
    stored?.expect(targets.length, pump.hold())
    const followed = followTargets({
      request,
      clusters,
      sources,
      signal: AbortSignal.any([signal, nothingLeft.signal]),
      tell,
      log,
      clock,
    })
    sources.start(targets)
    await followed
    await sources.settled()
    hasSettled = true
    sessionStop.end('remote side ended')
    await following
    release()
    await pump.finish()
    await writer.finish(progress.statistics(packets.figures, packets.delivered)).catch(packets.fail)
  } catch (error) {
    // Work that the end of the capture aborted has not failed.
    if (hasSettled || sessionStop.reason() === undefined) throw error
  } finally {
    clearTimeout(headerTimer)
    // Stopped before the first packet: Wireshark reports a stream without a header as an error.
    if (output.isLive && stopReason() !== 'remote side ended') await writer.begin().catch(packets.fail)
    sessionStop.close()
    opening.abort()
    await reach.close()
    await output.close().catch(packets.fail)
    await share.close()
  }
  if (packets.error !== undefined) throw withSavedPackets(packets.error, writer.savedPackets)
  const summary = progress.summarize(stopReason(), {
    name: output.name,
    files: output.files,
    packets: writer.savedPackets,
    bytes: writer.savedBytes,
    readers: share.readers,
  })
  if (summary.error !== undefined && summary.packets === 0 && summary.sources.every(({ error }) => error !== undefined))
    throw summary.error
  return summary
}

/** Adds the number of packets that are saved in spite of the error. */
function withSavedPackets(error: KcapError, packets: number): KcapError {
  if (packets === 0 || isRemoved(error)) return error
  const hints = [`${packets} packets are saved`, ...error.remedies]
  return new KcapError(error.code, error.message, { hints, cause: error.cause })
}

/** Returns how much longer packets wait for keys from the remote host. */
function keyLagMs({ remoteKeyLogPath }: CaptureRequest): number {
  return remoteKeyLogPath === undefined ? 0 : remoteKeyLagMs
}

function needsKeys({ keyLogFile, remoteKeyLogPath }: CaptureRequest): boolean {
  return (keyLogFile ?? remoteKeyLogPath) !== undefined
}
