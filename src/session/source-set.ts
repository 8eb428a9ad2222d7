import { type Clock, monotonicClock } from '../base/clock.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { SourceEnd } from '../base/packet-source.ts'
import { makeSemaphore } from '../base/semaphore.ts'
import { formatTarget, type PodSetName, type PodTarget, type Target } from '../base/target.ts'
import type { PodSetChange } from '../target/follow-pod-set.ts'
import { makePodNews } from './pod-news.ts'
import { makeRetryBudget } from './retry-budget.ts'
import type { SourceProgress } from './session-progress.ts'

/** Captures that start or reconnect at once: many pods must not storm the API server. */
const startsAtATime = 8
/** Transient errors: a lost connection, an API server that is away, a container that has only just started. */
const transient: readonly ErrorCode[] = [
  'connection-lost',
  'api-unreachable',
  'api-failed',
  'kubectl-failed',
  'container-not-found',
  'ssh-unreachable',
  'ssh-timeout',
  'ssh-jump-failed',
  'ssh-failed',
  'api-unauthorized',
]
/** Each is an interface of the output to its end, and keeps its figures: pods that come and go without end would fill memory. */
const mostSources = 10_000
/** Sources that could not begin: where a thousand pods refuse it the others will. */
const mostRefused = 1_000
/** A login that is refused is made anew so many times: tokens run out while a capture goes on. */
const loginTries = 2

/** One run of a capture, from its start to its end. */
export interface CaptureRun {
  /** Belongs to the first packet. */
  readonly comment: string | undefined
  /** Stops it. */
  readonly signal: AbortSignal
  /** To be called when it captures. */
  readonly markUp: () => void
}

/** Captures one target until it ends or the signal stops it. Rejects when it can't begin. */
export type CaptureTarget = (target: Target, figures: SourceProgress, run: CaptureRun) => Promise<SourceEnd>

export interface SourceSetOptions {
  /** Captured at once at most. */
  readonly limit: number
  readonly capture: CaptureTarget
  /** How long a capture that broke off is tried to be taken up again; 0: not at all. */
  readonly reconnectMs: number
  /** Logs in again where the target is. Rejects with what keeps it from that. */
  readonly renewLogin: (target: Target) => Promise<void>
  /** Why a target can't be taken up again, if that is known: its pod is gone. */
  readonly findEnd: (target: Target) => Promise<KcapError | undefined>
  readonly addFigures: (name: string, isLate: boolean) => SourceProgress
  /** The end of the capture as a whole. */
  readonly ending: AbortSignal
  /** Called when nothing is captured because every source has failed. */
  readonly onAllFailed: () => void
  /** What happens to sources, for people. */
  readonly tell: (event: string) => void
  readonly clock?: Clock
}

/** What is captured at the moment: targets that come, end, and are taken up again. */
export interface SourceSet {
  /** Captures these as soon as their turn comes. */
  start(targets: readonly Target[]): void
  /** Brings what is captured in line with the pods that a name stands for now. */
  follow(name: PodSetName, change: PodSetChange): void
  /** Whether the pod with this uid is, or was, captured. */
  has(uid: string): boolean
  /** The name is not followed any more; what is captured goes on. */
  unfollow(name: PodSetName): void
  /** Settles when nothing is captured. */
  settled(): Promise<void>
}

interface Source {
  target: Target
  readonly figures: SourceProgress
  /** While it is captured: what has ended is kept for its figures, and is to be small. */
  stop: AbortController | undefined
  isCapturing: boolean
  /** When something last came from it. */
  heardMs: number
}

export function makeSourceSet(options: SourceSetOptions): SourceSet {
  const { limit, capture, reconnectMs, renewLogin, findEnd, addFigures, ending, tell } = options
  const clock = options.clock ?? monotonicClock
  const sources = new Map<string, Source>()
  const running = new Set<Promise<void>>()
  const starts = makeSemaphore(startsAtATime)
  const isCaptured = (uid: string) => sources.has(uid)
  const news = makePodNews(isCaptured)
  let refused = 0
  const told = new Set<keyof typeof reasons>()

  function run(source: Source, comment: string | undefined): void {
    source.isCapturing = true
    const stop = new AbortController()
    source.stop = stop
    const work = captureSource(source, stop.signal, comment)
    running.add(work)
    void work.finally(() => {
      source.isCapturing = false
      source.stop = undefined
      running.delete(work)
      reconcile(news.running())
      if (running.size === 0 && [...sources.values()].every(({ figures }) => figures.figures.state === 'failed'))
        options.onAllFailed()
    })
  }

  /** Captures until the target ends, over breaks of what leads to it. */
  async function captureSource(source: Source, stop: AbortSignal, comment: string | undefined): Promise<void> {
    const { figures, target } = source
    const budget = makeRetryBudget(reconnectMs, clock)
    let due = comment
    let logins = 0
    for (;;) {
      const failure = await captureOnce(source, stop, due, budget.markUp)
      if (failure === undefined) return
      // The news of it are late: it is gone all the same.
      if (failure.code === 'pod-not-found' && news.isFollowed(target)) return figures.cancel()
      const pauseMs = budget.fail()
      logins = failure.code === 'api-unauthorized' ? logins + 1 : 0
      // A start that fails at once is for the user to look at.
      const hasBegun = figures.startNs > 0n || (due !== undefined && news.isFollowed(target))
      figures.fail(failure)
      if (figures.startNs === 0n) refused += 1
      if (!transient.includes(failure.code) || !hasBegun || pauseMs === undefined || logins > loginTries) return
      tell(`${failure.message}; trying again`)
      const { signal, unlink } = linkSignals(ending, stop)
      await clock.sleep(pauseMs, signal)
      unlink()
      if (ending.aborted || stop.aborted || (await news.hasEnded(target, ending))) return
      const final =
        (await findLoginFailure(target, failure)) ?? (news.isFollowed(target) ? undefined : await findEnd(target))
      if (final !== undefined) {
        tell(final.message)
        return figures.fail(final)
      }
      if (figures.startNs > 0n) due = `the capture of ${formatTarget(target)} broke off: ${formatMissing(source)}`
    }
  }

  async function findLoginFailure(target: Target, failure: KcapError): Promise<KcapError | undefined> {
    if (failure.code !== 'api-unauthorized') return undefined
    return await renewLogin(target).then(() => undefined, toKcapError)
  }

  /** Gives why it broke off or could not begin; undefined when it has ended as it should. */
  async function captureOnce(
    source: Source,
    stop: AbortSignal,
    comment: string | undefined,
    markUp: () => void,
  ): Promise<KcapError | undefined> {
    const { target, figures } = source
    const done = await starts.acquire()
    const isOver = () => ending.aborted || stop.aborted
    try {
      const end = await capture(target, figures, {
        comment,
        signal: stop,
        markUp() {
          done()
          markUp()
        },
      })
      source.heardMs = end.heardMs ?? Date.now()
      // A capture that breaks off because its pod has gone or its container was restarted did not fail.
      const hasEnded = end.error !== undefined && !isOver() && (await news.hasEnded(target, ending))
      if (hasEnded) tell(`${formatTarget(target)} has ended`)
      figures.finish(hasEnded ? { ...end, error: undefined } : end)
      return hasEnded || isOver() ? undefined : end.error
    } catch (error) {
      const failure = toKcapError(error)
      const mayHaveEnded = transient.includes(failure.code) || failure.code === 'pod-not-found'
      if (!isOver() && !(mayHaveEnded && (await news.hasEnded(target, ending)))) return failure
      figures.cancel()
      return undefined
    } finally {
      done()
    }
  }

  function reconcile(targets: Iterable<PodTarget>): void {
    if (ending.aborted) return
    for (const target of targets) {
      // Of many thousands most are left out, again and again.
      if (running.size >= limit && told.has('limit')) return
      const source = sources.get(keyOf(target))
      if (source === undefined) startNew(target, (name) => `${name} joined the capture`)
      else if (!source.isCapturing && isOtherRun(source.target, target)) takeUp(source, target)
    }
  }

  function takeUp(source: Source, target: PodTarget): void {
    if (!hasRoom(target)) return
    const before = source.target.kind === 'pod' ? source.target.container : ''
    const name = formatTarget(target)
    const what =
      before === target.container
        ? `container "${target.container}" of ${name} was restarted`
        : `container "${before}" of ${name} has ended, "${target.container}" of it runs`
    tell(`${what}; captured again`)
    source.target = target
    run(source, `${what}: ${formatMissing(source)}`)
  }

  function startNew(target: Target, describe?: (name: string) => string): void {
    const key = keyOf(target)
    if (sources.has(key) || !hasRoom(target) || !mayAdd(target)) return
    const name = formatTarget(target)
    const comment = describe?.(name)
    const figures = addFigures(name, comment !== undefined)
    const source: Source = { target, figures, stop: undefined, isCapturing: false, heardMs: 0 }
    sources.set(key, source)
    if (comment !== undefined) tell(comment)
    run(source, comment)
  }

  function hasRoom(target: Target): boolean {
    return running.size < limit || leaveOut(target, 'limit')
  }

  function mayAdd(target: Target): boolean {
    if (refused >= mostRefused) return leaveOut(target, 'refused')
    return sources.size < mostSources || leaveOut(target, 'sources')
  }

  /** Tells of the first for each reason. */
  function leaveOut(target: Target, reason: keyof typeof reasons): false {
    if (!told.has(reason)) tell(`${formatTarget(target)} and others are left out: ${reasons[reason]}`)
    told.add(reason)
    return false
  }
  const reasons = {
    limit: `${limit} are captured at once; --max-pods N allows more`,
    refused: `${mostRefused} others could not be captured`,
    sources: `${mostSources} have been captured`,
  }

  return {
    start(targets) {
      for (const target of targets) startNew(target)
    },
    follow(name, change) {
      for (const uid of news.update(name, change)) {
        const source = sources.get(uid)
        if (source?.stop === undefined) continue
        tell(`${formatTarget(source.target)} has gone`)
        source.stop.abort()
      }
      reconcile(change.running)
    },
    has: isCaptured,
    unfollow: news.forget,
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

function formatMissing({ heardMs }: Source): string {
  return `about ${((Date.now() - heardMs) / 1000).toFixed(1)} s are missing before this packet`
}

function keyOf(target: Target): string {
  return target.kind === 'pod' ? target.uid || `${target.context}/${formatTarget(target)}` : formatTarget(target)
}

function isOtherRun(before: Target, now: PodTarget): boolean {
  return before.kind === 'pod' && before.containerId !== now.containerId
}
