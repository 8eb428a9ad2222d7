import { isIP, SocketAddress } from 'node:net'
import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { readPods } from '../kube/kube-objects.ts'
import { type EndpointAddress, formatPort } from '../kube/services.ts'

/** Maximum number of queries by address over all namespaces: a field selector names only one address. */
export const maxQueries = 64
const queriesAtATime = 8

/** Takes a pod and returns whether more are wanted. */
export type PodFilter = (pod: V1Pod) => boolean

/** Result of a search for pods by address, in addition to the pods. */
export interface AddressSearch {
  /** Addresses that belong to no pod. */
  readonly others: ReadonlyMap<string, EndpointAddress>
  /** Names of nodes by their addresses, as far as known. */
  readonly nodes: ReadonlyMap<string, string>
  /** Why pods of other namespaces may have been missed; undefined when none was. */
  readonly gap: 'forbidden' | 'too-many' | undefined
}

/**
 * Passes the pods with these addresses to `take`: those of the namespace, then, for the remaining addresses, those of all namespaces if the login may
 * list them. A pod on its node's network shares the node's address. It counts only when one of its containers has the endpoint's port.
 * @throws {KcapError} api-forbidden — when the login may not list the pods of the namespace
 * @throws {KcapError} api-* — when a list fails
 */
export async function findPodsByAddress(
  addresses: ReadonlyMap<string, EndpointAddress>,
  access: ClusterAccess,
  namespace: string,
  take: PodFilter,
  signal: AbortSignal,
): Promise<AddressSearch> {
  const nodes = new Map<string, string>()
  const others = new Map(addresses)
  /** Addresses to find, in the form that pods have. */
  const sought = new Map<string, string>()
  for (const [address, { node }] of addresses) {
    if (node !== undefined) nodes.set(address, node)
    else if (isIP(address)) sought.set(canonical(address), address)
  }
  const visit = (pod: V1Pod): boolean => {
    let isWanted = false
    for (const ip of addressesOf(pod)) {
      const address = sought.get(ip)
      if (address === undefined) continue
      if (pod.spec?.hostNetwork === true) {
        if (pod.spec.nodeName !== undefined) nodes.set(address, pod.spec.nodeName)
        if (!hasPort(pod, addresses.get(address))) continue
      }
      others.delete(address)
      isWanted = true
    }
    return !isWanted || take(pod)
  }
  const done = { others, nodes, gap: undefined }
  if (sought.size === 0) return done
  for await (const pods of readPods(access, { namespace, signal })) if (!pods.every(visit)) return done

  const left = [...sought].filter(([, address]) => others.has(address)).map(([ip]) => ip)
  const query = async (ip: string) => {
    for await (const pods of readPods(access, { fieldSelector: `status.podIP=${ip}`, signal }))
      if (!pods.every(visit)) return
  }
  try {
    for (let i = 0; i < Math.min(left.length, maxQueries); i += queriesAtATime)
      await Promise.all(left.slice(i, Math.min(i + queriesAtATime, maxQueries)).map(query))
  } catch (error) {
    if (!(error instanceof KcapError && error.code === 'api-forbidden')) throw error
    return { ...done, gap: 'forbidden' }
  }
  return { ...done, gap: left.length > maxQueries ? 'too-many' : undefined }
}

function addressesOf({ status }: V1Pod): string[] {
  // A pod that has ended keeps its address, which another pod may have by now.
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return []
  const ips = status?.podIPs?.map(({ ip }) => ip) ?? [status?.podIP ?? '']
  return ips.filter(isIP).map(canonical)
}

function hasPort({ spec }: V1Pod, endpoint: EndpointAddress | undefined): boolean {
  const containers: readonly V1Container[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  return containers.some(({ ports = [] }) =>
    ports.some(({ containerPort, protocol }) => endpoint?.ports.has(formatPort(containerPort, protocol))),
  )
}

/** Returns an address in one form: an EndpointSlice may have any form of an IPv6 address. */
function canonical(ip: string): string {
  if (isIP(ip) !== 6 || ip.includes('%')) return ip
  return new SocketAddress({ address: ip, family: 'ipv6' }).address
}
