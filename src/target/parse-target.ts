import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findShareLink, parseAuthority, parseShareLink } from '../base/share-link.ts'
import type { ClusterScope, SshHostName, StreamName, TargetName } from '../base/target.ts'
import { findResourceKind } from '../kube/resource-kinds.ts'

export interface TargetDefaults {
  readonly cluster: ClusterScope
  readonly ssh: Omit<SshHostName, 'kind' | 'host'>
  /** Label selector of `--selector`, which narrows patterns. */
  readonly selector?: string | undefined
  /** Whether names of pods refer to those of any namespace. */
  readonly allNamespaces?: boolean
}

/**
 * Parses the text form of a target: `NS/POD`, `POD`, `pod/POD`, patterns as `NS/POD-*`, `svc/SERVICE`, `deployments.apps/X`, `NS/svc/SERVICE`,
 * `node/NAME`, `ssh://[USER@]HOST[:PORT]`, `local`, `kcaps://HOST:PORT/TOKEN`, `tcp://HOST:PORT`,
 * `unix:PATH`. A namespace that is called like a kind needs `-n`.
 * @throws {KcapError} usage — when the text is none of them, or names a namespace in spite of `-n NS` or `--all-namespaces`
 */
export function parseTarget(text: string, defaults: TargetDefaults): TargetName {
  const link = findShareLink(text)
  if (link !== undefined) return parseStream(link)
  if (/^unix:|^tcp:\/\//.test(text)) return parseStream(text)
  // A pod of that name is `pod/local`.
  if (text === 'local' && defaults.cluster.namespace === undefined) return { kind: 'local' }
  if (text.startsWith('ssh://')) return parseSshTarget(text, defaults.ssh)
  const parts = text.split('/')
  const [first = '', second, third] = parts
  if (parts.includes('') || parts.length > 3) throw notATarget(text)
  if (second === undefined) return parsePod(first, text, defaults)
  if (third !== undefined) {
    const kind = findResourceKind(second)
    if (kind === undefined || kind === 'node' || kind === 'ns') throw notATarget(text)
    return parseTarget(`${second}/${third}`, inNamespace(first, text, `${second}/${third}`, defaults))
  }
  const kind = findResourceKind(first)
  if (kind === 'pod') return parsePod(second, text, defaults)
  if (kind === 'node') return { kind, ...defaults.cluster, node: checkName(second, text) }
  if (kind === 'svc') return { kind: 'service', ...defaults.cluster, service: checkName(second, text) }
  // `ns` may be a namespace, but no target.
  if (kind !== undefined && kind !== 'ns')
    return { kind: 'workload', ...defaults.cluster, workloadKind: kind, workload: checkName(second, text) }
  if (first === '*' && defaults.cluster.namespace === undefined)
    return parsePod(second, text, { ...defaults, allNamespaces: true })
  return parsePod(second, text, inNamespace(first, text, second, defaults))
}

/** Returns the defaults for a target whose text names its namespace. */
function inNamespace(named: string, text: string, rest: string, defaults: TargetDefaults): TargetDefaults {
  const { namespace } = defaults.cluster
  if (namespace !== undefined && namespace !== named) {
    throw new KcapError('usage', `cannot capture "${text}": --namespace says "${namespace}"`, {
      hints: [line('kcap', text), line('kcap', '-n', namespace, rest)],
    })
  }
  if (defaults.allNamespaces === true) {
    throw new KcapError('usage', `cannot capture "${text}" with --all-namespaces: it names a namespace`, {
      // Only pods are looked for in all namespaces.
      hints: [line('kcap', text), ...(rest.includes('/') ? [] : [line('kcap', '-A', rest)])],
    })
  }
  return { ...defaults, cluster: { ...defaults.cluster, namespace: checkNamespace(named, text) } }
}

/** Parses the name of a pod, or a pattern of such names. */
function parsePod(name: string, text: string, { cluster, selector, allNamespaces }: TargetDefaults): TargetName {
  const isPattern = /[*?]/.test(name)
  if (!isPattern) checkName(name, text)
  else if (!/^[-a-z0-9.*?]{1,253}$/.test(name)) throw notATarget(text)
  if (!isPattern && !allNamespaces) return { kind: 'pod', ...cluster, pod: name }
  return { kind: 'pods', ...cluster, pattern: name, selector, allNamespaces: allNamespaces ?? false }
}

/** Parses `[USER@]HOST[:PORT]`, with an IPv6 address in brackets; returns undefined for other text. */
export function parseSshAuthority(text: string): { host: string; user?: string; port?: number } | undefined {
  const match = /^(?:([^@/\s]+)@)?(\[[0-9a-fA-F:.%\w]+\]|[^@:/\s[\]]+)(?::(\d{1,5}))?$/.exec(text)
  if (match === null || match[2] === undefined || match[2].startsWith('-')) return undefined
  const port = match[3] === undefined ? undefined : Number(match[3])
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  return {
    host: match[2].replace(/^\[|\]$/g, ''),
    ...(match[1] !== undefined && { user: match[1] }),
    ...(port !== undefined && { port }),
  }
}

function parseSshTarget(text: string, defaults: TargetDefaults['ssh']): SshHostName {
  const authority = parseSshAuthority(text.slice('ssh://'.length).replace(/\/$/, ''))
  if (authority === undefined) throw notATarget(text)
  return { kind: 'ssh', ...defaults, ...authority }
}

/** The text may hold a token, so no error quotes it. */
function parseStream(text: string): StreamName {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length)
    if (path !== '' && !path.includes('\0')) return { kind: 'stream', protocol: 'unix', path }
    throw new KcapError('usage', `cannot read "${text}": must be unix:PATH`, {
      hints: ['unix:/run/user/1000/orders.sock'],
    })
  }
  if (text.startsWith('tcp://')) {
    const authority = parseAuthority(text.slice('tcp://'.length).replace(/\/$/, ''))
    if (authority !== undefined) return { kind: 'stream', protocol: 'tcp', ...authority }
    throw new KcapError('usage', `cannot read "${text}": must be tcp://HOST:PORT`, { hints: ['tcp://127.0.0.1:57012'] })
  }
  const link = parseShareLink(text)
  if (link !== undefined) return { kind: 'stream', protocol: 'kcaps', ...link }
  throw new KcapError('usage', 'cannot read the shared capture: the link is incomplete', {
    hints: ["copy all of it, and quote it: kcap 'kcaps://HOST:PORT/TOKEN#sha256:FINGERPRINT'"],
  })
}

/** Checks a name of a pod, service or namespace: an RFC 1123 subdomain. Anything else would only be a request that fails. */
function checkName(name: string, text: string): string {
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) throw notATarget(text)
  return name
}

/** Checks a name of a namespace: an RFC 1123 label, without dots. */
function checkNamespace(name: string, text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw notATarget(text)
  return name
}

function notATarget(text: string): KcapError {
  return new KcapError('usage', `cannot capture "${text}": it is no target`, {
    hints: [
      'a pod: kcap NAMESPACE/POD',
      'a service: kcap svc/SERVICE -n NAMESPACE',
      'a host: kcap ssh://USER@HOST',
      line('kcap', 'list', 'pods', '-A'),
    ],
  })
}
