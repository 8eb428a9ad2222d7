/** A word or phrase that the project's texts avoid, and what to write in its place. */
export interface WordRule {
  readonly pattern: RegExp
  readonly instead: string
}

/** Words for comments, messages, documents and test names. */
export const wordRules: readonly WordRule[] = [
  { pattern: /\bfar side\b/i, instead: 'remote host, remote side or target' },
  {
    pattern: /\b(?<!\b(?:on|on the|on their|on its|the same|the other) )ways?\b/i,
    instead: 'route, or name the thing',
  },
  { pattern: /\b(?:take[ns]?|took|taking) (?:\w+ )?up again\b/i, instead: 'resume or reconnect' },
  { pattern: /\bwhat is missing\b/i, instead: 'dropped or lost packets' },
  { pattern: /\bnot told\b/i, instead: 'unknown or unspecified' },
  { pattern: /\b(?:is|are|was|were|be|been|and|or) told\b/i, instead: 'report, print or show' },
  { pattern: /\btells?\b/i, instead: 'report, print or show' },
  { pattern: /\banew\b/i, instead: 'again; for a login: log in again, renew the credentials' },
  { pattern: /\bendings\b|\b(?:an?|the|its|each|this) ending\b/i, instead: 'stop reason' },
  { pattern: /\bso long\b/i, instead: 'wait for, hold back, or name the time' },
  { pattern: /\bso many\b/i, instead: 'name the number' },
  { pattern: /\bwhat is left\b/i, instead: 'leftovers, or name the thing' },
  { pattern: /\bwhat may pass\b/i, instead: 'transient error' },
  { pattern: /\bnews\b/i, instead: 'pod events' },
  { pattern: /\blifts?\b/i, instead: 'remedy or hint' },
  { pattern: /\bbeside\b/i, instead: 'next to, with, and or compared with' },
  { pattern: /\b(?:lies|lay|lie)\b/i, instead: 'is, or names the place' },
  { pattern: /\bstand(?:s|ing)? in\b/i, instead: 'is in, or replaces' },
  { pattern: /\b(?:is|are) to\b/i, instead: 'must, should or will' },
  { pattern: /\bcan not\b/i, instead: 'cannot' },
  { pattern: /\bspoken\b/i, instead: 'written, or name the form' },
  { pattern: /\bbut for\b/i, instead: 'except' },
  { pattern: /\btakes? away\b/i, instead: 'remove' },
  { pattern: /\bmay be had\b/i, instead: 'is available' },
  { pattern: /\bheeds?\b/i, instead: 'respect or follow' },
]

/** Openings of a doc comment that leave its noun to the reader. */
export const openingRules: readonly WordRule[] = [
  { pattern: /^Of\b/, instead: 'begin with the subject' },
  { pattern: /^For\b/, instead: 'begin with the subject' },
  { pattern: /^Those that\b/, instead: 'begin with the noun' },
  { pattern: /^Gives\b/, instead: 'Returns' },
]

/** Words of the glossary as parts of the names of files and exports: `goAround`, `pod-news.ts`. */
export const nameRules: readonly WordRule[] = [
  { pattern: /\bspoken\b/, instead: 'formatted, or name the form' },
  { pattern: /\bseldom\b/, instead: 'rare' },
  { pattern: /\baround\b/, instead: 'name what replaces it' },
  { pattern: /\bnews\b/, instead: 'events' },
  { pattern: /\bturns\b/, instead: 'semaphore or limiter' },
  { pattern: /\bendings?\b/, instead: 'stop reason' },
  { pattern: /\bways?\b/, instead: 'route' },
  { pattern: /\blifts?\b/, instead: 'remedy or hint' },
  { pattern: /\bfar\b/, instead: 'remote' },
  { pattern: /\b(?:told|tells?|says?)\b/, instead: 'report, print or show' },
  { pattern: /\bhear\b/, instead: 'read' },
  { pattern: /\bgives?\b/, instead: 'return' },
  { pattern: /\banew\b/, instead: 'again' },
  { pattern: /^take listing\b/, instead: 'read listing' },
]
