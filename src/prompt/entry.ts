import type { WorkloadKind } from '../base/target.ts'
import { findResourceKind } from '../kube/resource-kinds.ts'

/** One line of the picker. */
export type Entry = PodEntry | ContainerEntry | GroupEntry | PlaceEntry

export interface PodEntry {
  readonly kind: 'pod'
  readonly namespace: string
  readonly name: string
  /** As kubectl prints it, where the pod cannot be captured: `Completed`, `CrashLoopBackOff`. */
  readonly state?: string | undefined
}

/** A container of a pod that has several. */
export interface ContainerEntry {
  readonly kind: 'container'
  readonly namespace: string
  /** Name of the pod. */
  readonly name: string
  readonly container: string
}

/** What stands for pods. */
export interface GroupEntry {
  readonly kind: 'svc' | Exclude<WorkloadKind, 'rs'>
  readonly namespace: string
  readonly name: string
}

/** Where else to look: it is opened, not captured. */
export interface PlaceEntry {
  readonly kind: 'namespace' | 'context'
  /** undefined: all namespaces. */
  readonly name: string | undefined
}

/** What can be captured. */
export type TargetEntry = Exclude<Entry, PlaceEntry>

export function isPlace(entry: Entry): entry is PlaceEntry {
  return entry.kind === 'namespace' || entry.kind === 'context'
}

/** Returns the name as the picker shows it beside the kind: `shop/orders-6c9f`, for a container with `-c`. */
export function nameEntry(entry: Entry): string {
  if (isPlace(entry)) return entry.name ?? 'all namespaces'
  const name = `${entry.namespace}/${entry.name}`
  return entry.kind === 'container' ? `${name} -c ${entry.container}` : name
}

/** Returns a text that identifies the entry. */
export function idOf(entry: Entry): string {
  return `${entry.kind} ${nameEntry(entry)}`
}

/** Makes the test for a search: each word is the kind of an entry, the beginning of it, or a part of its name: `api shop`, `svc orders`, `svc/orders`. */
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

/** Fewer letters are the beginning of too many kinds. */
const shortestKindPart = 3
