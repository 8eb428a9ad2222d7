import type { CreatingRoute } from '../base/capture-request.ts'
import { whatItLeaves } from './plan-routes.ts'

/** Asks a person; undefined: there is none to ask. */
export type AskConsent = ((question: string) => Promise<boolean>) | undefined

/** What may be created in clusters during one capture. Each route is asked for once, however many targets need it. */
export interface Consent {
  readonly given: ReadonlySet<CreatingRoute>
  mayCreate(via: CreatingRoute, place: string): Promise<boolean>
}

export function makeConsent(given: readonly CreatingRoute[], ask: AskConsent): Consent {
  const known = new Set(given)
  const asked = new Map<CreatingRoute, Promise<boolean>>()
  /** One question at a time. */
  let last: Promise<unknown> = Promise.resolve()
  return {
    given: known,
    async mayCreate(via, place) {
      if (known.has(via)) return true
      if (ask === undefined) return false
      const asking =
        asked.get(via) ?? last.then(() => ask(`${place} can be captured via ${via}: ${whatItLeaves[via]}. Do it?`))
      asked.set(via, asking)
      last = asking
      const isAllowed = await asking
      if (isAllowed) known.add(via)
      return isAllowed
    },
  }
}
