import { createHash } from 'node:crypto'
import { printable } from '../base/printable.ts'
import { type ListedWorkloadKind, listedWorkloadKinds } from '../listing/cluster-names.ts'

/** An interface of ours in Wireshark's list. */
export type ExtcapInterface =
  | { readonly kind: 'demo' }
  /** Of one host of kcap's config, or of whichever the dialog names. */
  | { readonly kind: 'ssh'; readonly host?: string }
  | {
      readonly kind: 'cluster'
      readonly context: string
      /** The list leaves some of its pods out. */
      readonly isCut?: boolean
    }
  | { readonly kind: 'pod'; readonly context: string; readonly namespace: string; readonly pod: string }
  | {
      readonly kind: 'workload'
      readonly context: string
      readonly namespace: string
      readonly workload: ListedWorkloadKind
      readonly name: string
      /** Of its pods, for the display. */
      readonly podCount?: number
    }

/** The same, read back from its value: contexts and hosts are known by their encoded form only. */
export type InterfaceReference =
  | { readonly kind: 'demo' }
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

/** Wireshark makes FIFO and temporary file names of it; its own limits lie between 220 and 250 bytes. */
const maxValueLength = 100
const maxPartLength = 40
/** Leaves room for a namespace of 63 bytes, which is never cut: a login may be allowed to list one namespace only. */
const shortPartLength = 20
const maxDisplayBytes = 180
const hashLength = 6

/**
 * The interface's value: `kcap-<context>.<namespace>.<pod>` of `[a-z0-9._-]`, the same at every listing; of a workload the last part is
 * `<kind>_<name>`, which no pod can be called. It names the context, so
 * that a changed current context never sends a capture to another cluster. What can't be said in these characters or is too long is
 * cut and told apart by a hash.
 */
export function formatInterfaceValue(item: ExtcapInterface): string {
  if (item.kind === 'demo') return 'kcapdemo'
  if (item.kind === 'ssh') return item.host === undefined ? 'kcapssh' : `kcapssh-${encodePart(item.host)}`
  const cluster = `kcap-${encodePart(item.context)}`
  if (item.kind === 'cluster') return cluster
  const rest = `.${item.namespace}.${item.kind === 'pod' ? item.pod : `${item.workload}_${item.name}`}`
  if (cluster.length + rest.length <= maxValueLength) return cluster + rest
  return withHash(`kcap-${encodePart(item.context, shortPartLength)}${rest}`)
}

/**
 * The values of a list. Wireshark takes everything but letters and digits for `_` in the keys of its settings, so that `a-b.c` and
 * `a.b-c` would share theirs: all that fold into one get a hash, so that no name depends on the order of the list.
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

/** The key under which Wireshark keeps settings of an interface (extcap.c, extcap_settings_key). */
function foldValue(value: string): string {
  return value.toLowerCase().replace(/[^a-z0-9_]/g, '_')
}

/** The name in Wireshark's list. Pods of the current context are called by the short form. */
export function formatInterfaceDisplay(item: ExtcapInterface, currentContext: string | undefined): string {
  // Escaped here, before it is cut: an escape is longer than what it stands for.
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
    case 'ssh':
      return item.host === undefined ? 'SSH host' : `SSH ${item.host}`
    case 'cluster':
      return `cluster ${item.context}${item.isCut === true ? ' (its options reach all pods)' : ''}`
    case 'pod':
      return `${nameContext(item.context, currentContext)}${item.namespace}/${item.pod}`
    case 'workload': {
      const count = item.podCount === undefined ? '' : ` (${item.podCount} ${item.podCount === 1 ? 'pod' : 'pods'})`
      return `${nameContext(item.context, currentContext)}${item.namespace}/${item.workload}/${item.name}${count}`
    }
  }
}

function nameContext(context: string, currentContext: string | undefined): string {
  return context === currentContext ? '' : `${context}: `
}

/** undefined when it is no interface of ours. */
export function parseInterfaceValue(value: string): InterfaceReference | undefined {
  if (value === 'kcapdemo') return { kind: 'demo' }
  const [, ssh, hostPart] = /^(kcapssh)(?:-([a-z0-9-]+))?$/.exec(value) ?? []
  if (ssh !== undefined) return { kind: 'ssh', ...(hostPart !== undefined && { hostPart }) }
  const match = /^kcap-([a-z0-9_-]+)(?:\.([a-z0-9-]+)\.(?:([a-z]+)_)?([a-z0-9.-]+))?$/.exec(value)
  const [, contextPart, namespace, kind, name] = match ?? []
  if (contextPart === undefined) return undefined
  if (namespace === undefined || name === undefined) return { kind: 'cluster', contextPart }
  if (kind === undefined) return { kind: 'pod', contextPart, namespace, pod: name, value }
  const workload = listedWorkloadKinds.find((known) => known === kind)
  return workload === undefined ? undefined : { kind: 'workload', contextPart, namespace, workload, name, value }
}

/** Whether a value may stand for a pod or workload that only their list can tell. */
export function isHashedName(name: string): boolean {
  return new RegExp(`--[0-9a-f]{${hashLength}}$`).test(name)
}

/** Whether a listed pod or workload is the one that a value stands for. */
export function isValueOf(value: string, item: ExtcapInterface): boolean {
  const full = formatInterfaceValue(item)
  return value === full || value === withHash(full)
}

/**
 * Dots separate the parts of a value, so a part has none: kubeconfig allows any text as a context's name. Plain names are those that
 * Wireshark's folding keeps apart.
 */
function encodePart(name: string, maxLength = maxPartLength): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && name.length <= maxLength) return name
  const clean = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
  return `${clean.slice(0, maxLength - hashLength - 1)}-${hash(name)}`
}

/** Whether a part of a value stands for this context of the kubeconfig, or this host of kcap's config. */
export function isPartOf(part: string, name: string): boolean {
  return part === encodePart(name) || part === encodePart(name, shortPartLength) || isHashedPart(part, name)
}

/** A cluster's value whose fold another has carries a second hash. */
function isHashedPart(part: string, name: string): boolean {
  return `kcap-${part}` === withHash(`kcap-${encodePart(name)}`)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength)
}
