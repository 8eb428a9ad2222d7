import type { WorkloadKind } from '../base/target.ts'
import { findResourceKind } from '../kube/resource-kinds.ts'

/** Line of the picker. */
export type Entry = PodEntry | ContainerEntry | GroupEntry | PlaceEntry

export interface PodEntry {
  readonly kind: 'pod'
  readonly namespace: string
  readonly name: string
  /** State as kubectl prints it, if the pod cannot be captured: `Completed`, `CrashLoopBackOff`. */
  readonly state?: string | undefined
}

/** Container of a pod that has several. */
export interface ContainerEntry {
  readonly kind: 'container'
  readonly namespace: string
  /** Name of the pod. */
  readonly name: string
  readonly container: string
}

/** Object that stands for several pods. */
export interface GroupEntry {
  readonly kind: 'svc' | Exclude<WorkloadKind, 'rs'>
  readonly namespace: string
  readonly name: string
}

/** Other place to search, which is opened instead of captured. */
export interface PlaceEntry {
  readonly kind: 'namespace' | 'context'
  /** Name of the place; undefined means all namespaces. */
  readonly name: string | undefined
}

/** Entry that can be captured. */
export type TargetEntry = Exclude<Entry, PlaceEntry>

/** Entries a person took from a list: a place to search, or targets to capture. Empty if nothing matched the search. */
export type Taken = { readonly place: PlaceEntry } | readonly TargetEntry[]

export function isPlace(entry: Entry): entry is PlaceEntry {
  return entry.kind === 'namespace' || entry.kind === 'context'
}

/** Returns the name that the picker shows next to the kind: `shop/orders-6c9f`, with `-c` for a container. */
export function nameEntry(entry: Entry): string {
  if (isPlace(entry)) return entry.name ?? 'all namespaces'
  const name = `${entry.namespace}/${entry.name}`
  return entry.kind === 'container' ? `${name} -c ${entry.container}` : name
}

/** Returns a text that identifies the entry. */
export function idOf(entry: Entry): string {
  return `${entry.kind} ${nameEntry(entry)}`
}

/** Returns the test for a search. Each word is a kind, the beginning of a kind, or part of a name: `api shop`, `svc orders`, `svc/orders`. */
export function makeMatch(search: string): (entry: Entry) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const tests = words.map((word) => {
    const kind = findResourceKind(word)
    return (entry: Entry, name: string) =>
      name.includes(word) ||
      kind === (entry.kind === 'namespace' ? 'ns' : entry.kind) ||
      (word.length >= shortestKindPart && `${entry.kind}/${entry.name ?? ''}`.startsWith(word))
  })
  return (entry) => {
    const name = nameEntry(entry).toLowerCase()
    return tests.every((isMatch) => isMatch(entry, name))
  }
}

/** Minimum length of a kind's beginning; shorter ones match too many kinds. */
const shortestKindPart = 3
