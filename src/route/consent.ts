import type { CreatingRoute } from '../base/capture-request.ts'
import { whatItLeaves } from './plan-routes.ts'

/** Asks a person; undefined when nobody can answer. */
export type AskConsent = ((question: string) => Promise<boolean>) | undefined

/** Permission to create something in clusters during one capture. kcap asks once, for all targets and routes, and the answer holds to the end. */
export interface Consent {
  readonly given: ReadonlySet<CreatingRoute>
  /** Makes the question wait for a target that may still need consent. */
  expect(place: string): void
  /** Ends that wait: the target is captured without consent, or has failed. */
  release(place: string): void
  /** Returns which of the routes may create something for a target. Asks the person if nobody has been asked yet. */
  mayCreate(place: string, routes: readonly CreatingRoute[]): Promise<ReadonlySet<CreatingRoute>>
}

/** Longest wait of the question for other targets: a slow one must not keep the person from answering. */
const defaultPatienceMs = 3_000
/** Maximum number of targets that the question names. */
const mostNamed = 3

export function makeConsent(
  allowed: readonly CreatingRoute[],
  ask: AskConsent,
  patienceMs = defaultPatienceMs,
): Consent {
  const given = new Set(allowed)
  const undecided = new Set<string>()
  /** Targets that need consent, and the routes they need it for. */
  const places = new Set<string>()
  const needed = new Set<CreatingRoute>()
  let answered: Promise<void> | undefined
  let stopWaiting = () => {}

  const release = (place: string) => {
    undecided.delete(place)
    if (undecided.size === 0) stopWaiting()
  }
  const waitForOthers = async () =>
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs)
      stopWaiting = () => {
        clearTimeout(timer)
        resolve()
      }
      if (undecided.size === 0) stopWaiting()
    })
  const askOnce = async (askPerson: NonNullable<AskConsent>) => {
    await waitForOthers()
    // A yes covers what the question says, not what arrives while it is open.
    const routes = [...needed]
    if (await askPerson(formatQuestion([...places].sort(), routes))) for (const via of routes) given.add(via)
  }

  return {
    given,
    expect: (place) => void undecided.add(place),
    release,
    async mayCreate(place, routes) {
      const open = routes.filter((via) => !given.has(via))
      if (ask !== undefined && open.length > 0) {
        places.add(place)
        for (const via of open) needed.add(via)
        release(place)
        answered ??= askOnce(ask)
        await answered
      }
      return new Set(routes.filter((via) => given.has(via)))
    },
  }
}

function formatQuestion(places: readonly string[], routes: readonly CreatingRoute[]): string {
  const [first = '', ...others] = places
  const named = `${places.slice(0, mostNamed).join(', ')}${places.length > mostNamed ? ' …' : ''}`
  const targets = others.length === 0 ? first : `${places.length} targets (${named})`
  return [
    `${targets} can be captured only by creating something${others.length === 0 ? '' : ' for each'}:`,
    ...routes.map((via, i) => `  ${i === 0 ? '' : 'or '}${via}: ${whatItLeaves[via]}`),
    'Allow it for the whole capture?',
  ].join('\n')
}
