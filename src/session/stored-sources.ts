import { toKcapError } from '../base/kcap-error.ts'
import type { PacketRun } from '../base/packet.ts'
import { printable } from '../base/printable.ts'
import type { TargetName } from '../base/target.ts'
import type { CaptureTarget } from './keep-capturing.ts'

/** Reports whether all packets of a capture have been recorded already, so that they can be merged in strict order of time. */
export function isStored(targets: readonly TargetName[]): boolean {
  return targets.every((name) => name.kind === 'stream' && 'part' in name && name.part !== undefined)
}

/** Part of a capture that reads recordings. */
export interface StoredSources {
  /** Calls `release` when this many captures have begun or failed: until then, a source that has not begun may have the earliest packet. */
  expect(count: number, release: () => void): void
  /** Returns the same capture, watched. */
  watch(capture: CaptureTarget): CaptureTarget
  /** Adds a comment to the first of these packets about each recording that has failed since the last call. */
  noteAbsences(runs: readonly PacketRun[]): readonly PacketRun[]
}

export function makeStoredSources(): StoredSources {
  let begun = 0
  let expected = Number.POSITIVE_INFINITY
  let releaseAll = () => {}
  let absences: string[] = []
  const check = () => {
    if (begun >= expected) releaseAll()
  }
  return {
    expect(count, release) {
      expected = count
      releaseAll = release
      check()
    },
    watch: (capture) => async (target, figures, run) => {
      let isCounted = false
      const count = () => {
        if (!isCounted) begun += 1
        isCounted = true
        check()
      }
      const markUp = () => {
        run.markUp()
        count()
      }
      const note = (error: unknown) => absences.push(`from here on, packets are missing: ${toKcapError(error).message}`)
      try {
        const end = await capture(target, figures, { ...run, markUp })
        if (end.error !== undefined) note(end.error)
        return end
      } catch (error) {
        note(error)
        throw error
      } finally {
        count()
      }
    },
    noteAbsences(runs) {
      const [first, ...others] = runs
      if (absences.length === 0 || first === undefined) return runs
      const comments = [first.comment, ...absences.map(printable)].filter((comment) => comment !== undefined)
      absences = []
      return [{ ...first, comment: comments.join('\n') }, ...others]
    },
  }
}
