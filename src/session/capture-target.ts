import type { CaptureRequest } from '../base/capture-request.ts'
import type { PacketSource, SourceEnd } from '../base/packet-source.ts'
import { printable } from '../base/printable.ts'
import { formatTarget, type Target } from '../base/target.ts'
import type { OpenRouteOptions } from '../route/open-route.ts'
import { openRoute } from '../route/open-route.ts'
import { openSource } from '../route/open-source.ts'
import type { Route } from '../route/route.ts'
import type { CaptureWriter } from './capture-writer.ts'
import { describeClock, describeSource } from './describe-capture.ts'
import type { Ending } from './ending.ts'
import type { PacketPump } from './packet-pump.ts'
import type { SourceProgress } from './session-progress.ts'
import type { CaptureTarget } from './source-set.ts'
import type { KeyWriter } from './write-keys.ts'

export interface CaptureTargetOptions {
  readonly request: CaptureRequest
  readonly routes: OpenRouteOptions
  /** Aborts what has not begun. */
  readonly opening: AbortSignal
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
  const { request, opening, ending, writer, pump, log } = options
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

  async function capture(
    target: Target,
    route: Route,
    figures: SourceProgress,
    run: { readonly comment: string | undefined; readonly signal: AbortSignal },
  ): Promise<SourceEnd> {
    const source = await openSource(target, route, request.capture, AbortSignal.any([opening, run.signal]))
    log(`${source.name}: ${source.command}`)
    const clock = describeClock(source)
    if (clock !== undefined) options.tell(`${source.name}: ${clock}; its time stamps are left as they are`)
    const stopWatching = ending.onEnd(source.stop)
    run.signal.addEventListener('abort', source.stop)
    if (run.signal.aborted) source.stop()
    const input = await describe(source, route, figures).then(pump.addSource, options.failOutput)
    figures.begin()
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
    const end = await source.ended
    if (end.error !== undefined) log(`${source.name}: ${end.error.message}`)
    return end
  }

  return async (target, figures, run) => {
    const route = await openRoute(target, options.routes)
    log(`${formatTarget(target)}: ${route.description}`)
    const end = new AbortController()
    let keys: Promise<void> | undefined
    try {
      // First the keys: those of a conversation that begins with the capture are written while it does.
      await new Promise<void>((resolve) => {
        keys = options.keys.followRemote(formatTarget(target), route, { onBegun: resolve, signal: end.signal })
        void keys.then(resolve)
        opening.addEventListener('abort', () => resolve(), { once: true })
      })
      return await capture(target, route, figures, run)
    } finally {
      end.abort()
      await keys
      await route.close()
    }
  }
}
