import { createHash } from 'node:crypto'
import { printable } from '../base/printable.ts'

/** An interface of ours in Wireshark's list. */
export type ExtcapInterface =
  | { readonly kind: 'demo' }
  | { readonly kind: 'ssh' }
  | { readonly kind: 'cluster'; readonly context: string }
  | { readonly kind: 'pod'; readonly context: string; readonly namespace: string; readonly pod: string }

/** The same, read back from its value: the context is known by its encoded form only. */
export type InterfaceReference =
  | { readonly kind: 'demo' }
  | { readonly kind: 'ssh' }
  | { readonly kind: 'cluster'; readonly contextPart: string }
  | {
      readonly kind: 'pod'
      readonly contextPart: string
      readonly namespace: string
      readonly pod: string
      readonly value: string
    }

/** Wireshark makes FIFO and temporary file names of it; its own limits lie between 220 and 250 bytes. */
const maxValueLength = 100
const maxContextLength = 40
/** Leaves room for a namespace of 63 bytes, which is never cut: a login may be allowed to list one namespace only. */
const shortContextLength = 20
const maxDisplayBytes = 180
const hashLength = 6

/**
 * The interface's value: `kcap-<context>.<namespace>.<pod>` of `[a-z0-9._-]`, the same at every listing. It names the context, so
 * that a changed current context never sends a capture to another cluster. What can't be said in these characters or is too long is
 * cut and told apart by a hash.
 */
export function formatInterfaceValue(item: ExtcapInterface): string {
  if (item.kind === 'demo') return 'kcapdemo'
  if (item.kind === 'ssh') return 'kcapssh'
  const cluster = `kcap-${encodeContext(item.context)}`
  if (item.kind === 'cluster') return cluster
  const rest = `.${item.namespace}.${item.pod}`
  if (cluster.length + rest.length <= maxValueLength) return cluster + rest
  return withHash(`kcap-${encodeContext(item.context, shortContextLength)}${rest}`)
}

/**
 * A value whose fold another interface has already: Wireshark takes everything but letters and digits for `_` in the keys of its
 * settings, so that `a-b.c` and `a.b-c` would share theirs.
 */
export function withHash(value: string): string {
  return `${value.slice(0, maxValueLength - hashLength - 2)}--${hash(value)}`
}

/** The key under which Wireshark keeps settings of an interface (extcap.c, extcap_settings_key). */
export function foldValue(value: string): string {
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
      return 'SSH host'
    case 'cluster':
      return `cluster ${item.context}`
    case 'pod':
      return `${item.context === currentContext ? '' : `${item.context}: `}${item.namespace}/${item.pod}`
  }
}

/** undefined when it is no interface of ours. */
export function parseInterfaceValue(value: string): InterfaceReference | undefined {
  if (value === 'kcapdemo') return { kind: 'demo' }
  if (value === 'kcapssh') return { kind: 'ssh' }
  const match = /^kcap-([a-z0-9_-]+)(?:\.([a-z0-9-]+)\.([a-z0-9.-]+))?$/.exec(value)
  const [, contextPart, namespace, pod] = match ?? []
  if (contextPart === undefined) return undefined
  return namespace === undefined || pod === undefined
    ? { kind: 'cluster', contextPart }
    : { kind: 'pod', contextPart, namespace, pod, value }
}

/** Whether a listed pod is the one that a value stands for. */
export function isValueOf(value: string, item: ExtcapInterface): boolean {
  const full = formatInterfaceValue(item)
  return value === full || value === withHash(full)
}

/** Dots separate the parts of a value, so a context has none: kubeconfig allows any text as its name. */
function encodeContext(context: string, maxLength = maxContextLength): string {
  const clean = context.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')
  return clean === context && clean.length <= maxLength
    ? clean
    : `${clean.slice(0, maxLength - hashLength - 1)}-${hash(context)}`
}

/** Whether a value's part stands for this context of the kubeconfig. */
export function isContextPart(part: string, context: string): boolean {
  return part === encodeContext(context) || part === encodeContext(context, shortContextLength)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength)
}
