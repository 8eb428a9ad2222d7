import type { Container, PodSpec } from '../../../src/demo/cluster/kube-object.ts'

/** Checks one rule of the Pod Security Standards: returns its name for the violation and the violating containers; undefined: none. */
export type SecurityCheck = (spec: PodSpec) => Breach | undefined

export interface Breach {
  readonly reason: string
  readonly detail: string
}

export function containersOf(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
}

export function namesWhere(spec: PodSpec, isBad: (container: Container) => boolean): string[] {
  return containersOf(spec)
    .filter(isBad)
    .map(({ name }) => name)
}

/** `container "a"`, `containers "a", "b"`. */
export function nameContainers(names: readonly string[]): string {
  return `${names.length === 1 ? 'container' : 'containers'} ${quote(names)}`
}

export function quote(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ')
}

export function sortedSet(words: readonly string[]): string[] {
  return [...new Set(words)].sort()
}
