import type { FilterEnvironment } from './environment.ts'
import { readFilter } from './read-filter.ts'
import { findPassingPacket } from './search.ts'

export type FilterVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'unable' }

/** Verdict on a filter. `hasNames` says whether it contains, or may contain, names that are looked up where it is compiled. */
export type FilterJudgement = FilterVerdict & { readonly hasNames: boolean }

/**
 * Returns whether libpcap accepts a filter in an environment, as far as that is knowable without libpcap. Names and rare terms stay open, and so does a
 * filter that no packet was found to pass.
 */
export function judgeFilter(expression: string, environment: FilterEnvironment): FilterJudgement {
  const reading = readFilter(expression, environment)
  const { hasNames } = reading
  switch (reading.kind) {
    case 'empty':
      return { kind: 'valid', hasNames }
    case 'refused':
      return { kind: 'invalid', message: reading.message, hasNames }
    case 'unknown':
      return { kind: 'unable', hasNames }
    case 'test':
      return { kind: findPassingPacket(reading.test, environment) ? 'valid' : 'unable', hasNames }
  }
}

/**
 * Returns what is known of an interface by its name. Packets of `any` have no Ethernet header; without a name, and for all others, the verdict holds
 * for both.
 */
export function environmentOf(interfaceName: string | undefined): FilterEnvironment {
  return interfaceName === 'any' ? { linkType: 'cooked' } : {}
}
