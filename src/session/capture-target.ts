import type { CaptureRequest } from '../base/capture-request.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { PacketSource, SourceEnd } from '../base/packet-source.ts'
import { printable } from '../base/printable.ts'
import { formatTarget, type Target } from '../base/target.ts'
import { openExecRoute } from '../route/exec-route.ts'
import { type OpenCaptureOptions, openCapture } from '../route/open-capture.ts'
import type { Route } from '../route/route.ts'
import type { CaptureWriter } from './capture-writer.ts'
import { describeClock, describeSource } from './describe-capture.ts'
import type { Ending } from './ending.ts'
import type { CaptureRun, CaptureTarget } from './keep-capturing.ts'
import type { PacketPump } from './packet-pump.ts'
import type { SourceProgress } from './session-progress.ts'
import type { KeyWriter } from './write-keys.ts'

export interface CaptureTargetOptions {
  readonly request: CaptureRequest
  readonly routes: Omit<OpenCaptureOptions, 'prepare'>
  readonly ending: Ending
  readonly writer: CaptureWriter
  readonly pump: PacketPump
  /** Told of each interface of the output, by its id. */
  readonly begin: (interfaceId: number, figures: SourceProgress) => void
  readonly failOutput: (error: unknown) => void
  /** Settles when names may be expected to be in the stream. */
  readonly namesReady: () => Promise<void>
  readonly keys: KeyWriter
  readonly tell: (event: string) => void
  readonly log: (line: string) => void
}

/** From a target to its packets in the pump: route, source, interface. */
export function makeCaptureTarget(options: CaptureTargetOptions): CaptureTarget {
  const { request, routes, ending, writer, pump, log } = options
  const { signal: opening } = routes
  /** A target that is taken up again goes on as the interface it was. */
  const interfaces = new WeakMap<SourceProgress, { readonly id: number; readonly linkType: number }>()

  async function describe(source: PacketSource, route: Route, figures: SourceProgress): Promise<number> {
    const known = interfaces.get(figures)
    if (known?.linkType === source.header.linkType) return known.id
    await options.namesReady()
    const id = await writer.addSource(source, describeSource(source, route))
    interfaces.set(figures, { id, linkType: source.header.linkType })
    options.begin(id, figures)
    return id
  }

  /** The keys that the target's own programs write, beside its packets. A debug container has other files than the pod's containers. */
  function followKeys(
    target: Target,
    route: Route,
    signal: AbortSignal,
  ): { begun: Promise<void>; ended: Promise<void> } {
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const ended = (async () => {
      const isInContainer = target.kind !== 'pod' || route.via === 'exec' || route.via === 'kubectl'
      const place = isInContainer
        ? route
        : await openExecRoute(target, await routes.clusters.open(target.cluster), opening)
      await options.keys.followRemote(formatTarget(target), place, { onBegun: begin, signal })
    })()
    void ended.then(begin, begin)
    opening.addEventListener('abort', begin, { once: true, signal })
    return { begun, ended }
  }

  async function readPackets(
    { source, route }: { readonly source: PacketSource; readonly route: Route },
    figures: SourceProgress,
    run: CaptureRun,
  ): Promise<SourceEnd> {
    log(`${source.name}: ${source.command}`)
    const clock = describeClock(source)
    if (clock !== undefined) options.tell(`${source.name}: ${clock}; its time stamps are left as they are`)
    if (source.missingCompressor !== undefined)
      options.tell(`${source.name}: not compressed: there is no "${source.missingCompressor}"`)
    const stopWatching = ending.onEnd(source.stop)
    run.signal.addEventListener('abort', source.stop)
    if (run.signal.aborted) source.stop()
    const input = await describe(source, route, figures).then(pump.addSource, options.failOutput)
    figures.begin()
    run.markUp()
    ending.startClock(request.limits.durationMs)
    let comment = run.comment === undefined ? undefined : printable(run.comment)
    for await (const batches of source.batches) {
      if (batches.length === 0) continue
      const waiting = input?.push(batches, comment)
      comment = undefined
      if (waiting !== undefined) await waiting
    }
    input?.end()
    stopWatching()
    // The target may be captured no more, and its signal be there to the end: what has been read must not stay with it.
    run.signal.removeEventListener('abort', source.stop)
    const end = await source.ended
    if (end.error !== undefined) log(`${source.name}: ${end.error.message}`)
    return end
  }

  return async (target, figures, run) => {
    const keysEnd = new AbortController()
    const { signal, unlink } = linkSignals(opening, run.signal)
    let keys: Promise<void> = Promise.resolve()
    const opened = await openCapture(target, {
      ...routes,
      signal,
      async prepare(route) {
        if (request.remoteKeyLogPath === undefined) return
        // First the keys: those of a conversation that begins with the capture are written while it does.
        const following = followKeys(target, route, keysEnd.signal)
        keys = following.ended
        await following.begun
      },
    }).catch((error: unknown) => {
      keysEnd.abort()
      unlink()
      throw error
    })
    try {
      return await readPackets(opened, figures, run)
    } finally {
      keysEnd.abort()
      await keys
      await opened.route.close()
      unlink()
    }
  }
}
