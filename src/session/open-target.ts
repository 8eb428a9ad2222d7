import type { CaptureRequest } from '../base/capture-request.ts'
import { makeClosing } from '../base/closing.ts'
import type { WriteLog } from '../base/log.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { formatStreamName, formatTarget, type RoutedTarget, type StreamTarget, type Target } from '../base/target.ts'
import { openSource, type SourceOptions } from '../capture/open-source.ts'
import type { StreamNotes } from '../packets/stream-notes.ts'
import { type AttemptOptions, attemptRoutes } from '../route/attempt-routes.ts'
import { openExecRoute } from '../route/exec-route.ts'
import type { Route } from '../route/route.ts'
import type { ConnectOptions } from '../share/connect-stream.ts'
import { explainDenial } from './explain-denial.ts'
import type { KeyWriter } from './write-keys.ts'

// Tested by test/route/auto.test.ts.

export interface OpenTargetOptions {
  readonly request: Pick<CaptureRequest, 'capture' | 'uploadPath' | 'remoteKeyLogPath'>
  /** Options of the routes; their signal aborts the opening. */
  readonly routes: AttemptOptions
  readonly keys: KeyWriter
  /** Takes names and secrets of a stream. */
  readonly notes: StreamNotes
  readonly tell: (event: string) => void
  readonly log: WriteLog
  readonly onUpload: SourceOptions['onUpload']
  /** Called while a recording is read. */
  readonly onRead: ConnectOptions['onProgress']
}

/** A target that is being captured. */
export interface OpenTarget {
  /** How it is captured, for people. */
  readonly description: string
  readonly source: PacketSource
  /** Closes everything that was opened for it. Never rejects. */
  close(): Promise<void>
}

/**
 * Captures a target over the first route that reaches it, or reads a stream.
 * @throws {KcapError} any code — when no route does; the error says why
 */
export async function openTarget(target: Target, options: OpenTargetOptions): Promise<OpenTarget> {
  if (target.kind === 'stream') return await readStream(target, options)
  const { consent } = options.routes
  const name = formatTarget(target)
  consent.expect(name)
  try {
    return await tryRoutes(target, options)
  } finally {
    consent.release(name)
  }
}

async function readStream(
  { name }: StreamTarget,
  { request, routes, notes, tell, onRead }: OpenTargetOptions,
): Promise<OpenTarget> {
  const { openPacketStream } = await import('../share/open-packet-stream.ts')
  const label = formatStreamName(name)
  if (request.capture.filter !== '') tell(`${label}: read without the filter, as it is sent`)
  const onWaiting = () => tell(`${label}: connected; it has no packets yet`)
  const source = await openPacketStream(name, {
    notes,
    signal: routes.signal,
    onWaiting,
    openCluster: routes.clusters.open,
    onProgress: onRead,
    onResume: (error) => tell(`${error.message}; resuming`),
  })
  return { description: `read from ${label}`, source, close: async () => {} }
}

async function tryRoutes(target: RoutedTarget, options: OpenTargetOptions): Promise<OpenTarget> {
  const { request, routes, tell, log, onUpload } = options
  const { signal } = routes
  const { capture, uploadPath } = request
  const name = formatTarget(target)
  const attempts = attemptRoutes(target, routes)
  for (let failure: unknown; ; ) {
    const { value: attempt } = await attempts.next(failure).catch((error: unknown) => {
      throw explainDenial(error, target, routes, '')
    })
    const closing = makeClosing((error) => tell(`${name}: cannot close the route: ${(error as Error).message}`))
    try {
      const route = await attempt.open()
      closing.add(route.close)
      log(`${name}: ${route.description}`, { component: 'route', target: name })
      // Keys come first: a conversation that begins with the capture writes its keys at that moment.
      if (request.remoteKeyLogPath !== undefined) closing.add(await followKeys(target, route, options))
      const source = await openSource(target, route, { capture, uploadPath, signal, log, onUpload })
      return { description: `${route.description}: ${source.command}`, source, close: closing.close }
    } catch (error) {
      await closing.close()
      failure = error
    }
  }
}

/** Follows the keys that the target's own programs write. Resolves when it follows them, or can't, to a function that ends it. */
async function followKeys(target: RoutedTarget, route: Route, { routes, keys }: OpenTargetOptions) {
  const { clusters, signal } = routes
  const end = new AbortController()
  // A debug container does not have the files of the pod's own containers.
  const isElsewhere = target.kind === 'pod' && route.via !== 'exec' && route.via !== 'kubectl'
  const openPlace = async () =>
    isElsewhere ? await openExecRoute(target, await clusters.open(target.cluster), signal) : route
  let ended = Promise.resolve()
  await new Promise<void>((begin) => {
    ended = keys.followRemote(formatTarget(target), openPlace, { onBegun: begin, signal: end.signal })
    void ended.then(begin)
    signal.addEventListener('abort', () => begin(), { once: true, signal: end.signal })
  })
  return async () => {
    end.abort()
    await ended
  }
}
