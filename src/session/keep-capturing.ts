import type { Clock } from '../base/clock.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { SourceEnd } from '../base/packet-source.ts'
import { makeSemaphore } from '../base/semaphore.ts'
import { formatTarget, type Target } from '../base/target.ts'
import type { PodEvents } from './pod-events.ts'
import { makeRetryBudget } from './retry-budget.ts'
import type { SourceProgress } from './session-progress.ts'

// Tested by test/session/source-set.test.ts.

/** Maximum number of captures that start or reconnect at the same time: many pods must not storm the API server. */
const startsAtATime = 8
/** Transient errors: a lost connection, an unavailable API server, a container that has only just started. */
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
  'stream-unreachable',
  'api-unauthorized',
]
/** Logins renewed in a row before a refusal is final: tokens expire while a capture runs. */
const loginTries = 2

/** Maximum number of early starts. A kubelet may refuse them because it does not know its containers yet. */
const mostEarlyTries = 3

/** Function that returns the comment as of the call; undefined for no comment. */
export type Comment = (() => string) | undefined

/** One run of a capture, from its start to its end. */
export interface CaptureRun {
  /** Comment on the run's first packet; called once the capture is up, when the length of the gap is known. */
  readonly comment: Comment
  /** Stops the run. */
  readonly signal: AbortSignal
  /** Called when the capture is up. */
  readonly markUp: () => void
}

/** Captures one target until it ends or the signal stops it. Rejects when it can't begin. */
export type CaptureTarget = (target: Target, figures: SourceProgress, run: CaptureRun) => Promise<SourceEnd>

/** A target and the state of its capture. */
export interface Source {
  target: Target
  readonly figures: SourceProgress
  /** Time of its last packet or report, by the monotonic clock. */
  heardMs: number
}

export interface KeepCapturingOptions {
  readonly capture: CaptureTarget
  /** Longest outage before the source fails; 0: no reconnect. */
  readonly reconnectMs: number
  /** Logs in to the target's cluster again, unless that happened after `sinceMs`. Rejects when the login fails. */
  readonly renewLogin: (target: Target, sinceMs: number) => Promise<void>
  /** Returns why a target can't be captured again, if that is known: its pod is gone. */
  readonly findEnd: (target: Target) => Promise<KcapError | undefined>
  /** Aborts when the capture as a whole ends. */
  readonly sessionStop: AbortSignal
  /** Reports to the user what happens to sources. */
  readonly tell: (event: string) => void
  readonly clock: Clock
  readonly podEvents: Pick<PodEvents, 'isFollowed' | 'wasFollowed' | 'hasEnded' | 'willHaveEnded'>
}

/** Captures a source until its target ends or `stop` aborts, and reconnects after an outage. Stores the outcome in the figures. */
export type KeepCapturing = (source: Source, stop: AbortSignal, comment: Comment) => Promise<void>

export function makeKeepCapturing(options: KeepCapturingOptions): KeepCapturing {
  const { capture, reconnectMs, renewLogin, findEnd, sessionStop, tell, clock, podEvents } = options
  const starts = makeSemaphore(startsAtATime)

  return async (source, stop, comment) => {
    const { figures, target } = source
    const budget = makeRetryBudget(reconnectMs, clock)
    let due = comment
    let logins = 0
    let earlyTries = 0
    for (;;) {
      const triedMs = clock.nowMs()
      const failure = await captureOnce(source, stop, due, budget.markUp)
      if (failure === undefined) return
      // Pods come and go. When this one was gone before its capture began, the watch may report it late or never.
      if (failure.code === 'pod-not-found' && podEvents.wasFollowed(target)) return figures.cancel(failure)
      const pauseMs = budget.fail()
      logins = failure.code === 'api-unauthorized' ? logins + 1 : 0
      // The user should look at a start that fails at once, unless the kubelet has only just started.
      const isEarly = failure.code === 'container-not-found' && earlyTries++ < mostEarlyTries
      const hasBegun = figures.hasBegun || isEarly || (due !== undefined && podEvents.isFollowed(target))
      figures.fail(failure)
      if (!transient.includes(failure.code) || !hasBegun || pauseMs === undefined || logins > loginTries) return
      tell(`${failure.message}; trying again`)
      const { signal, unlink } = linkSignals(sessionStop, stop)
      await clock.sleep(pauseMs, signal)
      unlink()
      if (stop.aborted || podEvents.hasEnded(target)) return figures.cancel()
      if (sessionStop.aborted) return
      const final =
        (await findLoginFailure(target, failure, triedMs)) ??
        (podEvents.isFollowed(target) ? undefined : await findEnd(target))
      if (final !== undefined) {
        tell(final.message)
        return figures.fail(final)
      }
      if (figures.hasBegun)
        due = () => `the capture of ${formatTarget(target)} broke off: ${formatMissing(source, clock)}`
    }
  }

  /** Reports whether the target has ended. A connection may be lost for many reasons: a retry finds out sooner than waiting for pod events. */
  async function isExpected(target: Target, { code, facts }: KcapError): Promise<boolean> {
    if (transient.includes(code)) return podEvents.hasEnded(target)
    return await podEvents.willHaveEnded(target, sessionStop, facts.mayHaveEnded === true)
  }

  /** Reports whether a start failed because its pod was terminating: the capture program there is killed, and may print nothing. */
  async function isEndOfPod(target: Target, { code, facts }: KcapError): Promise<boolean> {
    if (facts.mayHaveEnded) return await podEvents.willHaveEnded(target, sessionStop, true)
    return (transient.includes(code) || code === 'pod-not-found') && podEvents.hasEnded(target)
  }

  async function findLoginFailure(target: Target, failure: KcapError, triedMs: number): Promise<KcapError | undefined> {
    if (failure.code !== 'api-unauthorized') return undefined
    return await renewLogin(target, triedMs).then(() => undefined, toKcapError)
  }

  /** Returns why the capture broke off or could not begin; undefined after a regular end. */
  async function captureOnce(
    source: Source,
    stop: AbortSignal,
    comment: Comment,
    markUp: () => void,
  ): Promise<KcapError | undefined> {
    const { target, figures } = source
    const done = await starts.acquire()
    const isOver = () => sessionStop.aborted || stop.aborted
    try {
      const end = await capture(target, figures, {
        comment,
        signal: stop,
        markUp() {
          done()
          markUp()
        },
      })
      source.heardMs = end.heardMs ?? clock.nowMs()
      // A capture that breaks off because its pod has gone or its container was restarted did not fail.
      const hasEnded = end.error !== undefined && !isOver() && (await isExpected(target, end.error))
      if (hasEnded) tell(`${formatTarget(target)} has ended`)
      figures.finish(hasEnded ? { ...end, error: undefined } : end)
      return hasEnded || isOver() ? undefined : end.error
    } catch (error) {
      const failure = toKcapError(error)
      if (!isOver() && !(await isEndOfPod(target, failure))) return failure
      figures.cancel()
      return undefined
    } finally {
      done()
    }
  }
}

/** Formats the time since a source was last heard, for the comment on the next packet. */
export function formatMissing({ heardMs }: Source, clock: Clock): string {
  return `about ${((clock.nowMs() - heardMs) / 1000).toFixed(1)} s are missing before this packet`
}
