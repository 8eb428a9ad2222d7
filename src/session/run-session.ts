import type { CaptureRequest } from '../base/capture-request.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import { takePackets } from '../base/packet.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { formatTarget, type Target } from '../base/target.ts'
import { makeClusterPool } from '../kube/cluster-pool.ts'
import { openOutput } from '../output/open-output.ts'
import { openRoute } from '../route/open-route.ts'
import { openSource } from '../route/open-source.ts'
import type { Route } from '../route/route.ts'
import type { ConnectSshOptions } from '../ssh/connect-ssh.ts'
import { resolveTargets } from '../target/resolve-targets.ts'
import { makeCaptureBudget } from './capture-budget.ts'
import { makePcapngWriter, makePcapWriter } from './capture-writer.ts'
import { refuseBadFilter } from './check-filter.ts'
import { describeSection, describeSource, describeTargets } from './describe-capture.ts'
import { makeEnding } from './ending.ts'
import { makeProgress, type SessionProgress, type SessionSummary, type SourceProgress } from './session-progress.ts'

export interface SessionContext {
  /** Stops the capture as a user does: what the far side still holds is written, and the promise settles after clean-up. */
  readonly signal: AbortSignal
  /** Whether a person sits at a terminal, so that credential plugins and ssh may ask. */
  readonly interactive: boolean
  readonly askSecret?: ConnectSshOptions['askSecret']
  readonly askHostKey?: ConnectSshOptions['askHostKey']
  /** Gets the live figures once, before anything is captured. */
  readonly watch?: (progress: SessionProgress) => void
  /** Lines for `--verbose` and log files. */
  readonly log: (line: string) => void
}

const loginTimeoutMs = 20_000
/** This many captures are started at a time, so that many pods don't storm the API server. */
const startsAtATime = 8

/**
 * A whole capture: request → targets → routes → sources → writer. Settles after everything it started has ended, here and on
 * the far side. Throws the first reason why nothing was captured, or why the output could not be written.
 */
export async function runSession(request: CaptureRequest, context: SessionContext): Promise<SessionSummary> {
  // Outlives the user's stop: connections are needed to bring the end of a capture home.
  const lifetime = new AbortController()
  const opening = new AbortController()
  const ending = makeEnding(context.signal, (reason) => opening.abort(reason))
  const run = { signal: lifetime.signal, interactive: context.interactive }
  const clusters = makeClusterPool({ ...run, signal: opening.signal, timeoutMs: loginTimeoutMs })
  const ssh: ConnectSshOptions = {
    ...run,
    askSecret: context.askSecret,
    askHostKey: context.askHostKey,
    log: context.log,
  }
  const routes: Route[] = []
  const output = await openOutput(request.output, describeTargets(request), opening.signal)
  void output.readerGone.then(() => ending.end('reader gone'))
  const progress = makeProgress(request, output.name)

  const writer = request.format === 'pcap' ? makePcapWriter(output) : makePcapngWriter(output, describeSection(request))
  const budget = makeCaptureBudget(request.limits, writer.packetOverhead, () => writer.written.header)
  let outputError: KcapError | undefined

  async function openTarget(target: Target): Promise<{ source: PacketSource; route: Route }> {
    const route = await openRoute(target, { via: request.via, clusters, ssh })
    routes.push(route)
    context.log(`${formatTarget(target)}: ${route.description}`)
    const source = await openSource(target, route, request.capture, opening.signal)
    context.log(`${source.name}: ${source.command}`)
    return { source, route }
  }

  async function captureTarget(target: Target, figures: SourceProgress): Promise<void> {
    const { source, route } = await openTarget(target)
    const stopSource = ending.onEnd(source.stop)
    let id = 0
    try {
      id = await writer.addSource(source, describeSource(source, route))
      figures.begin(id)
      ending.startClock(request.limits.durationMs)
    } catch (error) {
      outputError ??= toKcapError(error)
      ending.end('output failed')
    }
    for await (const batches of source.batches) {
      for (const batch of batches) {
        // After a limit or a lost reader the rest is only drained, so that the far side can end.
        const wanted = outputError === undefined ? budget.take(batch) : takePackets(batch, 0)
        if (budget.spent !== undefined) ending.end(budget.spent)
        if (wanted.count === 0) continue
        try {
          const written = writer.writeBatch(id, wanted)
          if (written === true || (await written)) figures.add(wanted)
          else ending.end('reader gone')
        } catch (error) {
          outputError ??= toKcapError(error)
          ending.end('output failed')
        }
      }
    }
    stopSource()
    const end = await source.ended
    figures.finish(end)
    if (end.error !== undefined) context.log(`${source.name}: ${end.error.message}`)
  }

  try {
    context.watch?.(progress)
    if (output.isLive) await writer.begin()
    const [targets] = await Promise.all([
      resolveTargets(request.targets, clusters, opening.signal),
      refuseBadFilter(request.capture.filterExpression, opening.signal),
    ])
    const queue = targets.map((target) => ({ target, figures: progress.addSource(formatTarget(target)) }))
    await runAtMost(
      startsAtATime,
      queue,
      async ({ target, figures }) => {
        await captureTarget(target, figures).catch((error: unknown) => {
          if (error === opening.signal.reason) figures.cancel()
          else figures.fail(toKcapError(error))
        })
      },
      ({ figures }) => figures.settled,
    )
    await writer.finish(progress.statistics()).catch((error: unknown) => {
      outputError ??= toKcapError(error)
    })
  } catch (error) {
    if (ending.reason() === undefined) throw error
  } finally {
    ending.close()
    await Promise.all(routes.map((route) => route.close()))
    clusters.close()
    lifetime.abort()
    await output.close().catch((error: unknown) => {
      outputError ??= toKcapError(error)
    })
  }
  if (outputError !== undefined) throw outputError
  const summary = progress.summarize(
    ending.reason() ?? 'far side ended',
    writer.written.header + writer.written.packets,
  )
  if (summary.error !== undefined && summary.packets === 0 && summary.sources.every(({ state }) => state === 'failed'))
    throw summary.error
  return summary
}

/** Runs all jobs; at most `limit` of them are between their start and their `settled`. */
async function runAtMost<Job>(
  limit: number,
  jobs: readonly Job[],
  start: (job: Job) => Promise<void>,
  settled: (job: Job) => Promise<void>,
): Promise<void> {
  const running: Promise<void>[] = []
  const starting = new Set<Promise<void>>()
  for (const job of jobs) {
    if (starting.size >= limit) await Promise.race(starting)
    const done = start(job)
    running.push(done)
    const begun = Promise.race([settled(job), done]).finally(() => starting.delete(begun))
    starting.add(begun)
  }
  await Promise.all(running)
}
