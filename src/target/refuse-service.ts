import { isIP } from 'node:net'
import { type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ServiceName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { readNodes } from '../kube/kube-objects.ts'
import type { EndpointAddress, EndpointObjects } from '../kube/services.ts'
import { parseSshAuthority } from './parse-target.ts'
import { maxQueries } from './pods-by-address.ts'
import type { ServiceSearch } from './service-pods.ts'

/** Maximum number of addresses in an error, and of hints for each kind of address. */
const mostShown = 5
const mostHints = 3
/** Maximum length of a selector in an error. */
const mostSelectorLength = 200
/** Maximum number of nodes that are read to find one by its address. */
const mostNodes = 1_000

/** Returns why a service has no pod to capture. `count` is the number of its pods, none of which runs. */
export async function explainNoPods(
  name: ServiceName,
  access: ClusterAccess,
  search: ServiceSearch,
  count: number,
  signal: AbortSignal,
): Promise<KcapError> {
  const namespace = name.namespace ?? access.namespace
  const { service, endpoints } = search
  const refuse = (code: 'pod-not-found' | 'pod-not-running', state: string, hints: readonly Hint[]) =>
    new KcapError(code, `cannot capture "svc/${name.service}": ${state}`, { hints })
  const describe = line('kubectl', 'describe', 'service', '-n', namespace, name.service)
  if (service?.externalName !== undefined) {
    const state = `it is an ExternalName service, an alias of "${service.externalName}", and has no pods`
    return refuse('pod-not-found', state, hintsForHost(service.externalName))
  }
  const selector = service?.selector
  if (count > 0) {
    const list = selector === undefined ? describe : line('kubectl', 'get', 'pods', '-n', namespace, '-l', selector)
    return refuse('pod-not-running', 'none of its pods runs', [list])
  }
  if (search.refusal !== undefined) return search.refusal
  const kind = describeKind(search)
  // Made on demand: ICU takes 16 ms for its first object, and every capture loads this file.
  const collator = new Intl.Collator('en', { numeric: true })
  // Slices have no order: a controller that mirrors Endpoints mixes them.
  const others = new Map([...search.others].sort(([a], [b]) => collator.compare(a, b)))
  if (others.size > 0) {
    const hints = hintsForAddresses(others, await findNodes(access, search, signal))
    return refuse('pod-not-found', `${kind}its endpoints are not pods: ${formatAddresses(others)}`, [
      ...hints,
      ...(search.gap === undefined ? [] : [gaps[search.gap]]),
      showEndpoints(name, namespace, search),
    ])
  }
  if (endpoints !== undefined && endpoints.pods.length > 0)
    return refuse('pod-not-found', `${kind}the pods that its endpoints name are gone`, [
      showEndpoints(name, namespace, search),
    ])
  if (selector === undefined) return refuse('pod-not-found', `${kind}it has no endpoints`, [describe])
  const labels = line('kubectl', 'get', 'pods', '-n', namespace, '--show-labels')
  return refuse('pod-not-running', `no pod matches its selector "${shorten(selector)}"`, [labels, describe])
}

/** Describes the service itself, in front of the description of its endpoints. */
function describeKind({ service }: ServiceSearch): string {
  if (service === undefined) return ''
  if (service.selector !== undefined) return `no pod matches its selector "${shorten(service.selector)}", and `
  return `it is a ${service.isHeadless ? 'headless ' : ''}service without a selector, and `
}

const gaps = {
  forbidden: 'pods of other namespaces were not searched: the login may not list pods in all namespaces',
  'too-many': `pods of other namespaces were searched for ${maxQueries} of the addresses only`,
} as const

function showEndpoints({ service }: ServiceName, namespace: string, { endpoints }: ServiceSearch): Hint {
  const { action, labelSelector }: Partial<EndpointObjects> = endpoints?.source ?? {}
  const which = labelSelector === undefined ? [service] : ['-l', labelSelector]
  return line('kubectl', 'get', action?.resource ?? 'endpoints', '-n', namespace, ...which)
}

function shorten(selector: string): string {
  return selector.length <= mostSelectorLength ? selector : `${selector.slice(0, mostSelectorLength)}…`
}

/** Formats addresses as kubectl does, each with each of its ports. */
function formatAddresses(addresses: ReadonlyMap<string, EndpointAddress>): string {
  const shown: string[] = []
  let count = 0
  for (const [address, { ports }] of addresses) {
    const host = isIP(address) === 6 ? `[${address}]` : address
    for (const port of ports.size === 0 ? [''] : ports) {
      const number = port.replace(/\/.*$/, '')
      if (count++ < mostShown) shown.push(number === '' ? address : `${host}:${number}`)
    }
  }
  return `${shown.join(', ')}${count > mostShown ? ` and ${count - mostShown} more` : ''}`
}

/** Returns names of nodes by their addresses; only the known ones when the login may not list nodes. */
async function findNodes(
  access: ClusterAccess,
  { others, nodes: known }: ServiceSearch,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const nodes = new Map(known)
  const isKnown = (address: string) => nodes.has(address) || !isIP(address)
  if ([...others.keys()].every(isKnown)) return nodes
  let count = 0
  try {
    for await (const listed of readNodes(access, { limit: mostNodes, signal })) {
      for (const { metadata, status } of listed)
        for (const { address } of status?.addresses ?? [])
          if (metadata?.name !== undefined && others.has(address)) nodes.set(address, metadata.name)
      count += listed.length
      if (count >= mostNodes) break
    }
  } catch (error) {
    if (signal.aborted) throw error
  }
  return nodes
}

function hintsForAddresses(
  addresses: ReadonlyMap<string, EndpointAddress>,
  nodes: ReadonlyMap<string, string>,
): Hint[] {
  const ofNodes = [...addresses.keys()].filter((address) => nodes.has(address)).slice(0, mostHints)
  const hosts = [...addresses.keys()].filter((address) => !nodes.has(address)).slice(0, mostHints)
  return [
    ...ofNodes.map((address) => noted(`${address} is a node`, line('kcap', `node/${nodes.get(address)}`))),
    ...hosts.flatMap(sshHint),
    ...(hosts[0] !== undefined && isIP(hosts[0])
      ? [noted('or capture the pods that connect to it, with', line('--filter', `host ${hosts[0]}`))]
      : []),
  ]
}

/** Returns hints for the DNS name that a service stands for. */
function hintsForHost(host: string): Hint[] {
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?\.?$/.exec(host) ?? []
  if (service !== undefined && namespace !== undefined)
    return [noted('that is another service', line('kcap', `svc/${service}`, '-n', namespace))]
  return [...sshHint(host), 'or capture the pods that connect to it']
}

function sshHint(host: string): Hint[] {
  const authority = isIP(host) === 6 ? `[${host}]` : host
  if (parseSshAuthority(authority)?.user !== undefined || parseSshAuthority(authority) === undefined) return []
  return [noted('if you can log in to it', line('kcap', `ssh://${authority}`))]
}
