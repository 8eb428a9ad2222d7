import type { CaptureRequest } from '../base/capture-request.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import type { PacketRun } from '../base/packet.ts'
import { makeClusterPool } from '../kube/cluster-pool.ts'
import { isRemoved } from '../output/output-error.ts'
import { type AskConsent, makeConsent } from '../route/consent.ts'
import { makeNodePods } from '../route/node-pod-route.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import { findPodEnd } from '../target/find-pod-end.ts'
import { resolveTargets } from '../target/resolve-targets.ts'
import { makeCaptureBudget } from './capture-budget.ts'
import { makeCaptureTarget } from './capture-target.ts'
import { refuseBadFilters } from './check-filter.ts'
import { makeEnding } from './ending.ts'
import { followTargets } from './follow-targets.ts'
import { formatCommand } from './format-command.ts'
import { openWriter } from './open-writer.ts'
import { makePacketPump } from './packet-pump.ts'
import { makeProgress, type SessionProgress, type SessionSummary, type SourceProgress } from './session-progress.ts'
import { makeSourceSet } from './source-set.ts'
import { makeKeyWriter } from './write-keys.ts'
import { writeNames } from './write-names.ts'

export interface SessionContext {
  /** Stops the capture as a user does: what the far side still holds is written, and the promise settles after clean-up. */
  readonly signal: AbortSignal
  /** Whether a person sits at a terminal, so that credential plugins and ssh may ask. */
  readonly interactive: boolean
  readonly askSecret?: ConnectSshOptions['askSecret']
  readonly askHostKey?: ConnectSshOptions['askHostKey']
  /** Whether something may be created in a cluster; absent: nothing is asked. */
  readonly askConsent?: AskConsent
  /** Gets the live figures once, before anything is captured. */
  readonly watch?: (progress: SessionProgress) => void
  /** What happens to sources while it runs: pods that come, go, restart. */
  readonly tell: (event: string) => void
  /** Lines for `--verbose` and log files. */
  readonly log: (line: string) => void
}

const loginTimeoutMs = 20_000
/**
 * Wireshark opens its next interface when it has the first bytes of this one, so these don't wait for a slow login. But once it has them, a
 * capture that fails gets a second dialog, "No packets captured": most failures are known by then.
 */
const headerDelayMs = 1_000
/** The far side's tail looks for a file that is not there yet once a second. */
const remoteKeyLagMs = 1_000

/**
 * A whole capture: request → targets → routes → sources → merged packets → writer. Settles after everything it started has ended, here
 * and on the far side. Throws the first reason why nothing was captured, or why the output could not be written.
 */
export async function runSession(request: CaptureRequest, context: SessionContext): Promise<SessionSummary> {
  // Outlives the user's stop: connections are needed to bring the end of a capture home.
  const lifetime = new AbortController()
  const opening = new AbortController()
  const allFailed = new AbortController()
  const ending = makeEnding(context.signal, (reason) => opening.abort(reason))
  const { interactive, askSecret, askHostKey, log } = context
  const clusters = makeClusterPool({ interactive, signal: opening.signal, timeoutMs: loginTimeoutMs })
  // What the far side has compressed, or was not to, is not compressed once more on its way.
  const mayCompress = request.capture.compression === 'auto'
  const ssh: ConnectSshOptions = {
    signal: lifetime.signal,
    askSecret,
    askHostKey,
    answers: new Map(),
    mayCompress,
    log,
    tell: context.tell,
  }
  const output = await openWriter(request, opening.signal)
  const { writer } = output
  void output.readerGone.then(() => ending.end('reader gone'))
  const progress = makeProgress(output.name)
  const figuresOf: SourceProgress[] = []
  const budget = makeCaptureBudget(request.limits, writer.packetOverhead, () => writer.written.header)
  let outputError: KcapError | undefined
  let headerTimer: NodeJS.Timeout | undefined

  const failOutput = (error: unknown) => {
    outputError ??= toKcapError(error)
    ending.end('output failed')
  }
  const writeRuns = (runs: readonly PacketRun[]): Promise<void> | undefined => {
    // After a limit or a lost reader the rest is only drained, so that the far side can end.
    if (outputError !== undefined) return undefined
    const wanted = budget.take(runs)
    if (budget.spent !== undefined) ending.end(budget.spent)
    if (wanted.length === 0) return undefined
    const count = (isWritten: boolean) => {
      if (!isWritten) return ending.end('reader gone')
      for (const run of wanted) figuresOf[run.interfaceId]?.add(run)
    }
    try {
      const written = writer.writeRuns(wanted)
      if (typeof written === 'boolean') count(written)
      else return written.then(count, failOutput)
    } catch (error) {
      failOutput(error)
    }
    return undefined
  }
  let namesReady = Promise.resolve()
  const keys = makeKeyWriter({ request, writer, fail: failOutput, tell: context.tell })
  const keyLagMs = request.remoteKeyLogPath === undefined ? 0 : remoteKeyLagMs
  const nodePods = makeNodePods({
    debug: request.debug,
    durationMs: request.limits.durationMs,
    signal: opening.signal,
    log,
  })
  const pump = makePacketPump(request.mergeWindowMs + keyLagMs, writeRuns)
  const capture = makeCaptureTarget({
    request,
    routes: {
      via: request.via,
      clusters,
      ssh,
      nodeHost: request.nodeHost,
      nodeSsh: request.nodeSsh,
      debug: request.debug,
      nodePods,
      consent: makeConsent(request.consent, context.askConsent),
      capture: request.capture,
      uploadPath: request.uploadPath,
      formatCommand: (target, via) => formatCommand(request.commandLine, target, via),
      signal: opening.signal,
      log,
    },
    ending,
    writer,
    pump,
    begin: (interfaceId, figures) => {
      figuresOf[interfaceId] = figures
    },
    failOutput,
    namesReady: () => namesReady,
    keys,
    tell: context.tell,
    log,
  })
  const sources = makeSourceSet({
    limit: request.maxPods,
    capture,
    reconnectMs: request.reconnectMs,
    async renewLogin(target) {
      if (target.kind !== 'ssh') await (await clusters.open(target.cluster)).renew()
    },
    findEnd: (target) => findPodEnd(target, clusters, opening.signal),
    addFigures: progress.addSource,
    ending: opening.signal,
    onAllFailed: () => allFailed.abort(),
    tell: context.tell,
  })

  const isStopped = () => ![undefined, 'far side ended'].includes(ending.reason())

  try {
    context.watch?.(progress)
    if (output.isLive) headerTimer = setTimeout(() => void writer.begin().catch(failOutput), headerDelayMs)
    const [targets] = await Promise.all([
      resolveTargets(request.targets, clusters, opening.signal),
      refuseBadFilters(request.capture, opening.signal),
    ])
    namesReady = writeNames(targets, { request, clusters, writer, fail: failOutput, signal: opening.signal, log })
    const following = keys.followFile(opening.signal)
    const release = needsKeys(request) ? pump.hold() : () => {}
    sources.start(targets)
    await followTargets({
      request,
      clusters,
      sources,
      signal: AbortSignal.any([opening.signal, allFailed.signal]),
      tell: context.tell,
      log,
    })
    await sources.settled()
    ending.end('far side ended')
    await following
    release()
    await pump.finish()
    await writer.finish(progress.statistics(figuresOf)).catch(failOutput)
  } catch (error) {
    if (ending.reason() === undefined) throw error
  } finally {
    clearTimeout(headerTimer)
    // Stopped before there was a packet: Wireshark takes a stream without a header for an error.
    if (output.isLive && isStopped()) await writer.begin().catch(failOutput)
    ending.close()
    opening.abort()
    await nodePods.close()
    clusters.close()
    lifetime.abort()
    await output.close().catch((error: unknown) => {
      outputError ??= toKcapError(error)
    })
  }
  if (outputError !== undefined) throw withSavedPackets(outputError, writer.savedPackets)
  const summary = progress.summarize(ending.reason() ?? 'far side ended', {
    name: output.name,
    files: output.files,
    packets: writer.savedPackets,
    bytes: writer.savedBytes,
  })
  if (summary.error !== undefined && summary.packets === 0 && summary.sources.every(({ state }) => state === 'failed'))
    throw summary.error
  return summary
}

/** What is there in spite of it. */
function withSavedPackets(error: KcapError, packets: number): KcapError {
  if (packets === 0 || isRemoved(error)) return error
  const hints = [`${packets} packets are saved`, ...error.remedies]
  return new KcapError(error.code, error.message, { hints, cause: error.cause })
}

function needsKeys({ keyLogFile, remoteKeyLogPath }: CaptureRequest): boolean {
  return (keyLogFile ?? remoteKeyLogPath) !== undefined
}
