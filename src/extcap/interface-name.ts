import { createHash } from 'node:crypto'
import { printable } from '../base/printable.ts'
import { type ListedWorkloadKind, listedWorkloadKinds } from '../listing/cluster-names.ts'

/** kcap interface in Wireshark's list. */
export type ExtcapInterface =
  | { readonly kind: 'demo' }
  /** A capture that somebody else shares; the dialog asks for its link. */
  | { readonly kind: 'shared' }
  /** Interface of one host in kcap's config, or of any host that the dialog names. */
  | { readonly kind: 'ssh'; readonly host?: string }
  | {
      readonly kind: 'cluster'
      readonly context: string
      /** Whether the list leaves out some of the cluster's pods. */
      readonly isCut?: boolean
    }
  | { readonly kind: 'pod'; readonly context: string; readonly namespace: string; readonly pod: string }
  | {
      readonly kind: 'workload'
      readonly context: string
      readonly namespace: string
      readonly workload: ListedWorkloadKind
      readonly name: string
      /** Number of the workload's pods, for display. */
      readonly podCount?: number
    }
  /** A record that runs in a cluster. */
  | { readonly kind: 'record'; readonly context: string; readonly namespace: string; readonly name: string }

/** Interface parsed from its value. Only the encoded form of contexts and hosts is known. */
export type InterfaceReference =
  | { readonly kind: 'demo' }
  | { readonly kind: 'shared' }
  | { readonly kind: 'ssh'; readonly hostPart?: string }
  | { readonly kind: 'cluster'; readonly contextPart: string }
  | {
      readonly kind: 'pod'
      readonly contextPart: string
      readonly namespace: string
      readonly pod: string
      readonly value: string
    }
  | {
      readonly kind: 'workload'
      readonly contextPart: string
      readonly namespace: string
      readonly workload: ListedWorkloadKind
      readonly name: string
      readonly value: string
    }
  | {
      readonly kind: 'record'
      readonly contextPart: string
      readonly namespace: string
      readonly name: string
      readonly value: string
    }

/** Length limits of a value. Wireshark builds FIFO and temporary file names from it; its own limits are between 220 and 250 bytes. */
const maxValueLength = 100
const maxPartLength = 40
/**
 * Shorter limit for a context. It leaves room for a namespace of 63 bytes, which is never cut, because a login may be allowed to list one namespace
 * only.
 */
const shortPartLength = 20
const maxDisplayBytes = 180
const hashLength = 6

/**
 * Returns the interface's value: `kcap-<context>.<namespace>.<pod>`, from the characters `[a-z0-9._-]`, identical in every listing. For a workload,
 * or a record, the last part is `<kind>_<name>`, which cannot be a pod's name. The value includes the context, so that changing the current context never sends a
 * capture to another cluster. A part that is too long or has other characters is cut and gets a hash.
 */
export function formatInterfaceValue(item: ExtcapInterface): string {
  if (item.kind === 'demo') return 'kcapdemo'
  if (item.kind === 'shared') return 'kcapshared'
  if (item.kind === 'ssh') return item.host === undefined ? 'kcapssh' : `kcapssh-${encodePart(item.host)}`
  const cluster = `kcap-${encodePart(item.context)}`
  if (item.kind === 'cluster') return cluster
  const rest = `.${item.namespace}.${formatName(item)}`
  if (cluster.length + rest.length <= maxValueLength) return cluster + rest
  return withHash(`kcap-${encodePart(item.context, shortPartLength)}${rest}`)
}

function formatName(item: Extract<ExtcapInterface, { kind: 'pod' | 'workload' | 'record' }>): string {
  if (item.kind === 'pod') return item.pod
  return `${item.kind === 'record' ? 'record' : item.workload}_${item.name}`
}

/**
 * Returns the values of a list. Wireshark replaces everything but letters and digits with `_` in the keys of its settings, so `a-b.c` and `a.b-c`
 * would share a key. All values that fold to one key get a hash, so that no value depends on the order of the list.
 */
export function formatInterfaceValues(items: readonly ExtcapInterface[]): string[] {
  const plain = items.map(formatInterfaceValue)
  const counts = new Map<string, number>()
  for (const value of plain) counts.set(foldValue(value), (counts.get(foldValue(value)) ?? 0) + 1)
  return plain.map((value) => (counts.get(foldValue(value)) === 1 ? value : withHash(value)))
}

function withHash(value: string): string {
  return `${value.slice(0, maxValueLength - hashLength - 2)}--${hash(value)}`
}

/** Returns the key under which Wireshark stores an interface's settings (extcap.c, extcap_settings_key). */
function foldValue(value: string): string {
  return value.toLowerCase().replace(/[^a-z0-9_]/g, '_')
}

/** Returns the name in Wireshark's list. Pods of the current context have the short form. */
export function formatInterfaceDisplay(item: ExtcapInterface, currentContext: string | undefined): string {
  // Escape before cutting: an escape is longer than the character it replaces.
  const display = printable(`kcap: ${describeInterface(item, currentContext)}`)
  if (Buffer.byteLength(display) <= maxDisplayBytes) return display
  let kept = ''
  for (const character of display) {
    if (Buffer.byteLength(kept + character) > maxDisplayBytes - 3) break
    kept += character
  }
  return `${kept}…`
}

function describeInterface(item: ExtcapInterface, currentContext: string | undefined): string {
  switch (item.kind) {
    case 'demo':
      return 'demo'
    case 'shared':
      return 'shared capture'
    case 'ssh':
      return item.host === undefined ? 'SSH host' : `SSH ${item.host}`
    case 'cluster':
      return `cluster ${item.context}${item.isCut === true ? ' (its options reach all pods)' : ''}`
    case 'pod':
      return `${nameContext(item.context, currentContext)}${item.namespace}/${item.pod}`
    case 'record':
      return `record ${nameContext(item.context, currentContext)}${item.namespace}/${item.name}`
    case 'workload': {
      const count = item.podCount === undefined ? '' : ` (${item.podCount} ${item.podCount === 1 ? 'pod' : 'pods'})`
      return `${nameContext(item.context, currentContext)}${item.namespace}/${item.workload}/${item.name}${count}`
    }
  }
}

function nameContext(context: string, currentContext: string | undefined): string {
  return context === currentContext ? '' : `${context}: `
}

/** Parses an interface's value; returns undefined if it is none of kcap's. */
export function parseInterfaceValue(value: string): InterfaceReference | undefined {
  if (value === 'kcapdemo') return { kind: 'demo' }
  if (value === 'kcapshared') return { kind: 'shared' }
  const [, ssh, hostPart] = /^(kcapssh)(?:-([a-z0-9-]+))?$/.exec(value) ?? []
  if (ssh !== undefined) return { kind: 'ssh', ...(hostPart !== undefined && { hostPart }) }
  const match = /^kcap-([a-z0-9_-]+)(?:\.([a-z0-9-]+)\.(?:([a-z]+)_)?([a-z0-9.-]+))?$/.exec(value)
  const [, contextPart, namespace, kind, name] = match ?? []
  if (contextPart === undefined) return undefined
  if (namespace === undefined || name === undefined) return { kind: 'cluster', contextPart }
  if (kind === undefined) return { kind: 'pod', contextPart, namespace, pod: name, value }
  if (kind === 'record') return { kind, contextPart, namespace, name, value }
  const workload = listedWorkloadKinds.find((known) => known === kind)
  return workload === undefined ? undefined : { kind: 'workload', contextPart, namespace, workload, name, value }
}

/** Returns whether the name was hashed, so that only the list of pods or workloads can resolve it. */
export function isHashedName(name: string): boolean {
  return new RegExp(`--[0-9a-f]{${hashLength}}$`).test(name)
}

/** Returns whether a value stands for this listed pod or workload. */
export function isValueOf(value: string, item: ExtcapInterface): boolean {
  const full = formatInterfaceValue(item)
  return value === full || value === withHash(full)
}

/**
 * Encodes a part of a value. Dots separate the parts, so a part contains none; a kubeconfig allows any text as a context's name. Names stay unchanged
 * if Wireshark's folding keeps them apart.
 */
function encodePart(name: string, maxLength = maxPartLength): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && name.length <= maxLength) return name
  const clean = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
  return `${clean.slice(0, maxLength - hashLength - 1)}-${hash(name)}`
}

/** Returns whether a part of a value stands for this context of the kubeconfig, or this host of kcap's config. */
export function isPartOf(part: string, name: string): boolean {
  return part === encodePart(name) || part === encodePart(name, shortPartLength) || isHashedPart(part, name)
}

/** Returns whether a part has a second hash, which a cluster's value gets if another one folds to the same key. */
function isHashedPart(part: string, name: string): boolean {
  return `kcap-${part}` === withHash(`kcap-${encodePart(name)}`)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength)
}
