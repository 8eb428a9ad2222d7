import { type FollowedName, formatTarget, type PodTarget, type Target } from '../base/target.ts'
import type { PodSetChange } from '../target/pod-set-change.ts'
import {
  type Comment,
  formatMissing,
  type KeepCapturingOptions,
  makeKeepCapturing,
  type Source,
} from './keep-capturing.ts'
import { makePodEvents } from './pod-events.ts'
import type { SourceProgress } from './session-progress.ts'

/** Maximum number of sources. Each is an interface of the output and keeps its figures, so pods that come and go without end would fill memory. */
const mostSources = 10_000
/** Maximum number of sources that could not begin: when a thousand pods refuse it, the others will too. */
const mostRefused = 1_000

export interface SourceSetOptions extends Omit<KeepCapturingOptions, 'podEvents'> {
  /** Maximum number of sources captured at the same time. */
  readonly limit: number
  /** Comment on the first packet of each source that is there from the start. */
  readonly startComment?: (() => string) | undefined
  readonly addFigures: (name: string, isLate: boolean) => SourceProgress
  /** Called when nothing is captured, and no pod event will change that: every source has failed, or the captures of all named pods have ended. */
  readonly onNothingLeft: () => void
}

/** Sources of a capture: targets join, end and are captured again. */
export interface SourceSet {
  /** Starts to capture these targets. */
  start(targets: readonly Target[]): void
  /** Notes that the name will be followed. Must be called before the targets that it stands for are started. */
  expect(name: FollowedName): void
  /** Captures the pods that the name matches now, and stops those that no name matches any more. */
  follow(name: FollowedName, change: PodSetChange): void
  /** Reports whether the pod with this uid is or was captured. */
  has(uid: string): boolean
  /** Stops following a name; its captures continue. */
  unfollow(name: FollowedName): void
  /** Settles when nothing is captured. */
  settled(): Promise<void>
}

interface SetSource extends Source {
  /** Stops its capture; undefined while it is not captured. */
  stop: AbortController | undefined
}

export function makeSourceSet(options: SourceSetOptions): SourceSet {
  const { limit, startComment, addFigures, sessionStop, tell, onNothingLeft, clock } = options
  const sources = new Map<string, SetSource>()
  const running = new Set<Promise<void>>()
  const isCaptured = (uid: string) => sources.has(uid)
  const podEvents = makePodEvents(isCaptured, clock)
  const keepCapturing = makeKeepCapturing({ ...options, podEvents })
  /** Uids of pods that are left out while too many others are captured, in order. */
  const waiting = new Set<string>()
  /** Followed names. */
  const names = new Set<FollowedName>()
  let refused = 0
  const told = new Set<keyof typeof reasons>()

  function run(source: SetSource, comment: Comment): void {
    const stop = new AbortController()
    source.stop = stop
    const work = keepCapturing(source, stop.signal, comment)
    running.add(work)
    void work.finally(() => {
      source.stop = undefined
      running.delete(work)
      if (!source.figures.hasBegun && source.figures.figures.state === 'failed') refused += 1
      lookAgain(keyOf(source.target))
      for (const uid of waiting) {
        if (running.size >= limit) break
        waiting.delete(uid)
        lookAgain(uid)
      }
      if (running.size === 0 && [...sources.values()].every(isOver)) onNothingLeft()
    })
  }

  /** Reports whether a source is over. A capture program that somebody else ended is not started again; patterns may still match other pods. */
  function isOver({ target, figures }: SetSource): boolean {
    if (figures.figures.state === 'failed') return true
    if (names.size === 0 || [...names].some(({ kind }) => kind !== 'pod')) return false
    return target.kind !== 'pod' || podEvents.findRunning(target.uid)?.containerId === target.containerId
  }

  /** Captures the pod with this uid if it runs, according to its latest pod event. */
  function lookAgain(uid: string): void {
    const target = podEvents.findRunning(uid)
    if (target !== undefined) reconcile([target])
  }

  function reconcile(targets: Iterable<PodTarget>): void {
    if (sessionStop.aborted) return
    for (const target of targets) {
      const source = sources.get(keyOf(target))
      if (source === undefined) startNew(target, (name) => `${name} joined the capture`)
      else if (source.stop === undefined && isOtherRun(source.target, target)) captureAgain(source, target)
    }
  }

  function captureAgain(source: SetSource, target: PodTarget): void {
    if (!hasRoom(target)) return
    const before = source.target.kind === 'pod' ? source.target.container : ''
    const name = formatTarget(target)
    const what =
      before === target.container
        ? `container "${target.container}" of ${name} was restarted`
        : `container "${before}" of ${name} has ended, "${target.container}" of it runs`
    tell(`${what}; captured again`)
    source.target = target
    run(source, () => `${what}: ${formatMissing(source, clock)}`)
  }

  function startNew(target: Target, describe?: (name: string) => string): void {
    const key = keyOf(target)
    if (sources.has(key) || !hasRoom(target) || !mayAdd(target)) return
    const name = formatTarget(target)
    const joined = describe?.(name)
    const figures = addFigures(name, joined !== undefined)
    const source: SetSource = { target, figures, stop: undefined, heardMs: 0 }
    sources.set(key, source)
    podEvents.noteStarted(target)
    if (joined !== undefined) tell(joined)
    run(source, joined === undefined ? startComment : () => joined)
  }

  function hasRoom(target: Target): boolean {
    if (running.size < limit) return true
    if (target.kind === 'pod') waiting.add(keyOf(target))
    return leaveOut(target, 'limit')
  }

  function mayAdd(target: Target): boolean {
    if (refused >= mostRefused) return leaveOut(target, 'refused')
    return sources.size < mostSources || leaveOut(target, 'sources')
  }

  /** Reports only the first target for each reason. */
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
    expect(name) {
      names.add(name)
      podEvents.expect(name)
    },
    follow(name, change) {
      for (const uid of podEvents.update(name, change)) {
        waiting.delete(uid)
        const source = sources.get(uid)
        if (source?.stop === undefined) continue
        tell(`${formatTarget(source.target)} has gone`)
        source.stop.abort()
      }
      reconcile(change.running)
    },
    has: isCaptured,
    unfollow(name) {
      names.delete(name)
      podEvents.forget(name)
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

function keyOf(target: Target): string {
  return target.kind === 'pod' ? target.uid || `${target.context}/${formatTarget(target)}` : formatTarget(target)
}

function isOtherRun(before: Target, now: PodTarget): boolean {
  return before.kind === 'pod' && before.containerId !== now.containerId
}
