import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterScope, SshHostName, TargetName, WorkloadName } from '../base/target.ts'

export interface TargetDefaults {
  readonly cluster: ClusterScope
  readonly ssh: Omit<SshHostName, 'kind' | 'host'>
  /** Of `--selector`: narrows patterns. */
  readonly selector?: string | undefined
  /** Names of pods mean those of any namespace. */
  readonly allNamespaces?: boolean
}

/** kubectl's names of workloads. */
const workloadKinds = new Map<string, WorkloadName['workloadKind']>([
  ['deploy', 'deploy'],
  ['deployment', 'deploy'],
  ['sts', 'sts'],
  ['statefulset', 'sts'],
  ['ds', 'ds'],
  ['daemonset', 'ds'],
  ['rs', 'rs'],
  ['replicaset', 'rs'],
  ['job', 'job'],
])

/**
 * The text form of a target: `NS/POD`, `POD`, `pod/POD`, patterns as `NS/POD-*`, `svc/SERVICE`, `deploy/X`, `node/NAME`, `ssh://[USER@]HOST[:PORT]`.
 * Throws `usage` for what is none of them.
 */
export function parseTarget(text: string, defaults: TargetDefaults): TargetName {
  if (text.startsWith('ssh://')) return parseSshTarget(text, defaults.ssh)
  const [first = '', second, ...more] = text.split('/')
  if (first === '' || second === '' || more.length > 0) throw notATarget(text)
  if (second === undefined) return parsePod(first, text, defaults)
  if (first === 'node' || first === 'no') return { kind: 'node', ...defaults.cluster, node: checkName(second, text) }
  if (first === 'svc' || first === 'service')
    return { kind: 'service', ...defaults.cluster, service: checkName(second, text) }
  const workloadKind = workloadKinds.get(first)
  if (workloadKind !== undefined)
    return { kind: 'workload', ...defaults.cluster, workloadKind, workload: checkName(second, text) }
  if (first === 'pod' || first === 'po') return parsePod(second, text, defaults)
  const { namespace } = defaults.cluster
  if (namespace !== undefined && namespace !== first) {
    throw new KcapError('usage', `cannot capture "${text}": --namespace says "${namespace}"`, {
      hints: [line('kcap', text), line('kcap', '-n', namespace, second)],
    })
  }
  if (defaults.allNamespaces === true && first !== '*') {
    throw new KcapError('usage', `cannot capture "${text}" with --all-namespaces: it names a namespace`, {
      hints: [line('kcap', text), line('kcap', '-A', second)],
    })
  }
  if (first === '*') return parsePod(second, text, { ...defaults, allNamespaces: true })
  return parsePod(second, text, { ...defaults, cluster: { ...defaults.cluster, namespace: checkName(first, text) } })
}

/** A pod's name, or a pattern of such names. */
function parsePod(name: string, text: string, { cluster, selector, allNamespaces }: TargetDefaults): TargetName {
  const isPattern = /[*?]/.test(name)
  if (!isPattern) checkName(name, text)
  else if (!/^[-a-z0-9.*?]{1,253}$/.test(name)) throw notATarget(text)
  if (!isPattern && !allNamespaces) return { kind: 'pod', ...cluster, pod: name }
  return { kind: 'pods', ...cluster, pattern: name, selector, allNamespaces: allNamespaces ?? false }
}

/** `[USER@]HOST[:PORT]`, an IPv6 address in brackets. undefined when it can be none. */
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

/** Names of pods, services and namespaces: RFC 1123 subdomains. Anything else would only be a request that fails. */
function checkName(name: string, text: string): string {
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) throw notATarget(text)
  return name
}

function notATarget(text: string): KcapError {
  return new KcapError('usage', `cannot capture "${text}": it is no target`, {
    hints: [
      'a pod: kcap NAMESPACE/POD',
      'a service: kcap svc/SERVICE -n NAMESPACE',
      'a host: kcap ssh://USER@HOST',
      line('kcap', 'list', 'pods'),
    ],
  })
}
