import { setTimeout as sleep } from 'node:timers/promises'
import { toKcapError } from '../base/kcap-error.ts'
import type { SourceEnd } from '../base/packet-source.ts'
import { formatTarget, type PodSetName, type PodTarget, type Target } from '../base/target.ts'
import type { PodSetState } from '../target/follow-pod-set.ts'
import type { SourceProgress } from './session-progress.ts'

/** So many captures are started at a time, so that many pods don't storm the API server. */
const startsAtATime = 8
/** How long after a capture has broken off the API may take to tell that its pod is gone. */
const newsTimeoutMs = 3_000
/** A container that has just started may not be ready to run programs. */
const restartPausesMs = [1_000, 2_000, 4_000]

/** Captures one target until it ends or the signal stops it. Rejects when it can't begin. The comment belongs to its first packet. */
export type CaptureTarget = (
  target: Target,
  figures: SourceProgress,
  run: { readonly comment: string | undefined; readonly signal: AbortSignal },
) => Promise<SourceEnd>

export interface SourceSetOptions {
  /** Captured at once at most. */
  readonly limit: number
  readonly capture: CaptureTarget
  readonly addFigures: (name: string, isLate: boolean) => SourceProgress
  /** The end of the capture as a whole. */
  readonly ending: AbortSignal
  /** What happens to sources, for people. */
  readonly tell: (event: string) => void
}

/** What is captured at the moment: targets that come, end, and are taken up again. */
export interface SourceSet {
  /** Captures these as soon as their turn comes. */
  start(targets: readonly Target[]): void
  /** Brings what is captured in line with the pods that a name stands for now. */
  follow(name: PodSetName, state: PodSetState): void
  /** Settles when nothing is captured. */
  settled(): Promise<void>
  /** Whether anything was ever captured. */
  readonly hasBegun: boolean
}

interface Source {
  target: Target
  readonly figures: SourceProgress
  stop: AbortController
  isCapturing: boolean
  endedMs: number
}

export function makeSourceSet(options: SourceSetOptions): SourceSet {
  const { limit, capture, addFigures, ending, tell } = options
  const sources = new Map<string, Source>()
  const running = new Set<Promise<void>>()
  let starting = 0
  const waiting: (() => void)[] = []
  const states = new Map<PodSetName, PodSetState>()
  /** Uids of all pods that a followed name has ever stood for. */
  const followed = new Set<string>()
  const wakeNews: (() => void)[] = []
  let hasBegun = false
  let toldOfLimit = false

  const activeCount = () => [...sources.values()].filter(({ isCapturing }) => isCapturing).length

  async function takeTurn(): Promise<() => void> {
    if (starting >= startsAtATime) await new Promise<void>((resolve) => waiting.push(resolve))
    else starting += 1
    let isDone = false
    return () => {
      if (isDone) return
      isDone = true
      const next = waiting.shift()
      if (next === undefined) starting -= 1
      else next()
    }
  }

  function run(source: Source, comment: string | undefined): void {
    source.isCapturing = true
    source.stop = new AbortController()
    const work = captureSource(source, comment)
    running.add(work)
    void work.finally(() => {
      source.isCapturing = false
      source.endedMs = Date.now()
      running.delete(work)
      for (const state of states.values()) reconcile(state)
    })
  }

  async function captureSource(source: Source, comment: string | undefined): Promise<void> {
    const { figures } = source
    const done = await takeTurn()
    void figures.settled.then(done)
    try {
      for (let attempt = 0; ; attempt++) {
        const { target } = source
        try {
          const end = await capture(target, figures, { comment, signal: source.stop.signal })
          hasBegun = true
          figures.finish(await excuse(source, end))
          return
        } catch (error) {
          const pauseMs = comment === undefined || ending.aborted ? undefined : restartPausesMs[attempt]
          if (pauseMs === undefined || (await isGone(target))) throw error
          await sleep(pauseMs, undefined, { signal: ending })
        }
      }
    } catch (error) {
      if (ending.aborted || source.stop.signal.aborted || (await isGone(source.target))) figures.cancel()
      else figures.fail(toKcapError(error))
    } finally {
      done()
    }
  }

  /** A capture that breaks off because its pod has gone or its container was restarted did not fail. */
  async function excuse({ target, stop }: Source, end: SourceEnd): Promise<SourceEnd> {
    if (end.error === undefined || ending.aborted || !(await isGone(target))) return end
    if (!stop.signal.aborted) tell(`${formatTarget(target)} has ended`)
    return { ...end, error: undefined }
  }

  async function isGone(target: Target): Promise<boolean> {
    if (target.kind !== 'pod' || !followed.has(target.uid)) return false
    const deadlineMs = Date.now() + newsTimeoutMs
    for (;;) {
      const now = [...states.values()].flatMap((state) => state.running).find(({ uid }) => uid === target.uid)
      if (now?.containerId !== target.containerId) return true
      const leftMs = deadlineMs - Date.now()
      if (leftMs <= 0 || ending.aborted) return false
      const timer = new AbortController()
      const late = sleep(leftMs, undefined, { signal: AbortSignal.any([ending, timer.signal]) }).catch(() => {})
      await Promise.race([new Promise<void>((resolve) => wakeNews.push(resolve)), late])
      timer.abort()
    }
  }

  function reconcile(state: PodSetState): void {
    if (ending.aborted) return
    for (const target of state.running) {
      const source = sources.get(keyOf(target))
      if (source === undefined) startNew(target, `${formatTarget(target)} joined the capture`)
      else if (!source.isCapturing && isOtherRun(source.target, target)) takeUp(source, target)
    }
  }

  function takeUp(source: Source, target: PodTarget): void {
    const what = `container "${target.container}" of ${formatTarget(target)} was restarted`
    const missingSeconds = ((Date.now() - source.endedMs) / 1000).toFixed(1)
    tell(`${what}; captured again`)
    source.target = target
    run(source, `${what}: about ${missingSeconds} s are missing before this packet`)
  }

  function startNew(target: Target, comment: string | undefined): void {
    const key = keyOf(target)
    if (sources.has(key)) return
    const name = formatTarget(target)
    if (activeCount() >= limit) {
      if (!toldOfLimit) tell(`${name} and others are left out: ${limit} are captured at once; --max-pods N allows more`)
      toldOfLimit = true
      return
    }
    const source: Source = {
      target,
      figures: addFigures(name, comment !== undefined),
      stop: new AbortController(),
      isCapturing: false,
      endedMs: 0,
    }
    sources.set(key, source)
    if (comment !== undefined) tell(comment)
    run(source, comment)
  }

  return {
    start(targets) {
      for (const target of targets) startNew(target, undefined)
    },
    follow(name, state) {
      const before = states.get(name)
      states.set(name, state)
      for (const uid of state.present) followed.add(uid)
      for (const wake of wakeNews.splice(0)) wake()
      for (const uid of before?.present ?? []) {
        const source = sources.get(uid)
        if (source?.isCapturing !== true || [...states.values()].some(({ present }) => present.has(uid))) continue
        tell(`${formatTarget(source.target)} has gone`)
        source.stop.abort()
      }
      reconcile(state)
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
    get hasBegun() {
      return hasBegun
    },
  }
}

function keyOf(target: Target): string {
  return target.kind === 'pod' ? target.uid || `${target.context}/${formatTarget(target)}` : formatTarget(target)
}

function isOtherRun(before: Target, now: PodTarget): boolean {
  return before.kind === 'pod' && before.containerId !== now.containerId
}
