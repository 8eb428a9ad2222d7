import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import type { NodeName, PodName, ServiceName, TargetName, WorkloadName } from '../base/target.ts'
import { makeCaptureFilter } from '../filter/capture-filter.ts'
import { findResourceKind } from '../kube/resource-kinds.ts'
import { parseTarget } from './parse-target.ts'

/** Target that a URL can name: one object of a cluster. */
export type LinkedTarget = PodName | ServiceName | WorkloadName | NodeName

/** All that a `kcap:` URL can say. */
export interface TargetUrl {
  readonly context: string
  /** Namespace of the target; undefined for a node. */
  readonly namespace: string | undefined
  /** Target as an argument of kcap: `pod/web-0`, `svc/orders`, `node/worker-1`. */
  readonly word: string
  /** Ports as `--port` takes them. */
  readonly ports: readonly string[]
}

const maxUrlLength = 2_000
const maxContextLength = 512
const maxPorts = 32
/** Characters that need no percent-encoding. A shell, cmd.exe and a desktop file leave them alone. */
const plainCharacters = /^[\w.~:@-]$/
const partPattern = /^(?:[\w.~:@-]|%[\da-f]{2})+$/i
const portPattern = /^(?:\d{1,5}(?:-\d{1,5})?|[a-z\d]+(?:[-._][a-z\d]+)*)$/i

/**
 * Parses `kcap:CONTEXT/NAMESPACE/POD`, `kcap:CONTEXT/NAMESPACE/KIND/NAME` or `kcap:CONTEXT/node/NAME`, with `?port=8080`. Parts are percent-encoded.
 * Names follow the rules of `parseTarget`; everything else is refused, because whoever wrote the URL may be hostile.
 * @throws {KcapError} usage — when the text is anything else
 */
export function parseTargetUrl(url: string): TargetUrl {
  if (url.length > maxUrlLength) throw notATargetUrl(url, `it has more than ${maxUrlLength} characters`)
  const [, path, query] = /^kcap:([^?#]+)(?:\?([^?#]*))?$/i.exec(url) ?? []
  if (path === undefined) throw notATargetUrl(url, 'it is no link to a target')
  const [context = '', ...names] = path.split('/').map((part) => decodePart(part, url))
  if (!canLink(context)) throw notATargetUrl(url, 'its context cannot be the name of one')
  // A slash would be another part, `?` or `*` a pattern.
  if (names.some((name) => !/^[\w.-]+$/.test(name))) throw notATargetUrl(url, 'it is no link to a target')
  const target = parseNames(names, context, url)
  return { context, ...describeTarget(target), ports: query === undefined ? [] : parseQuery(query, url) }
}

/**
 * Returns the URL of a target, which means the same on every machine where the context has the same name.
 * @throws {KcapError} usage — when a URL cannot say that
 */
export function formatTargetUrl({ context, namespace, word, ports }: TargetUrl): string {
  const [kind = '', name = ''] = word.split('/')
  // A namespace that is called like a kind would be read as one.
  const isShort = kind === 'pod' && namespace !== undefined && findResourceKind(namespace) === undefined
  const parts = [context, ...(namespace === undefined ? [] : [namespace]), ...(isShort ? [name] : [kind, name])]
  const query = ports.length === 0 ? '' : `?port=${ports.join(',')}`
  const url = `kcap:${parts.map(encodePart).join('/')}${query}`
  // Text that UTF-8 cannot express would become another one.
  if (!canLink(context)) throw notATargetUrl(url, 'its context cannot be the name of one')
  parseTargetUrl(url)
  return url
}

/** Returns whether a name of a context can be in a URL: text that everybody sees as it is, and that no program takes for an option. */
function canLink(context: string): boolean {
  return printable(context) === context && !/^-|^\s|\s$/.test(context) && context.length <= maxContextLength
}

/** Returns the target as words of a URL; undefined for a target that none can name: patterns, selectors, hosts, this machine and streams. */
export function toLinkedTarget(target: TargetName): LinkedTarget | undefined {
  const { kind } = target
  return kind === 'pods' || kind === 'ssh' || kind === 'local' || kind === 'stream' ? undefined : target
}

/** Returns the namespace of a target, and the target as an argument of kcap. */
export function describeTarget(target: LinkedTarget): Pick<TargetUrl, 'namespace' | 'word'> {
  if (target.kind === 'node') return { namespace: undefined, word: `node/${target.node}` }
  const { namespace } = target
  if (target.kind === 'pod') return { namespace, word: `pod/${target.pod}` }
  if (target.kind === 'service') return { namespace, word: `svc/${target.service}` }
  return { namespace, word: `${target.workloadKind}/${target.workload}` }
}

function parseNames(names: readonly string[], context: string, url: string): LinkedTarget {
  const [first = '', second] = names
  // Two names are a namespace and a pod, or a node. A kind needs its namespace, which differs from machine to machine.
  const kind = names.length === 2 ? findResourceKind(first) : undefined
  const text = names.length === 2 && kind === undefined ? `${first}/pod/${second}` : names.join('/')
  if (names.length < 2 || (kind !== undefined && kind !== 'node'))
    throw notATargetUrl(url, 'it names no namespace, or no target')
  try {
    const target = toLinkedTarget(parseTarget(text, { cluster: { context }, ssh: { sudo: 'none' } }))
    if (target !== undefined) return target
  } catch (error) {
    if (!(error instanceof KcapError)) throw error
  }
  throw notATargetUrl(url, 'it is no link to a target')
}

function parseQuery(query: string, url: string): string[] {
  const ports = query.split('&').flatMap((item) => {
    const [, list] = /^port=(.*)$/s.exec(item) ?? []
    if (list === undefined) throw notATargetUrl(url, 'a link can set nothing but "port"')
    return decodePart(list.replaceAll(',', '%2C'), url).split(',')
  })
  if (ports.length > maxPorts) throw notATargetUrl(url, `it has more than ${maxPorts} ports`)
  if (ports.some((port) => !portPattern.test(port))) throw notATargetUrl(url, 'it has an invalid port')
  makeCaptureFilter({ ports, protocol: 'all', expressions: [] })
  return ports
}

function decodePart(part: string, url: string): string {
  if (partPattern.test(part)) {
    try {
      return decodeURIComponent(part)
    } catch {
      // Not UTF-8.
    }
  }
  throw notATargetUrl(url, 'it is no link to a target')
}

function encodePart(part: string): string {
  return [...part]
    .map((character) =>
      plainCharacters.test(character)
        ? character
        : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .join('')
}

/** Characters of a refused URL that its message shows. */
const shownLength = 120

function notATargetUrl(url: string, state: string): KcapError {
  const shown = url.length > shownLength ? `${url.slice(0, shownLength)}…` : url
  return new KcapError('usage', `cannot open "${shown}": ${state}`, {
    hints: [
      'a pod: kcap:CONTEXT/NAMESPACE/POD',
      'a service: kcap:CONTEXT/NAMESPACE/svc/NAME?port=8080',
      'a node: kcap:CONTEXT/node/NAME',
      'kcap url TARGET prints the link to a target',
    ],
  })
}
