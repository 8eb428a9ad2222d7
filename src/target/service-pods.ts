import type { V1Pod } from '@kubernetes/client-node'
import { KcapError } from '../base/kcap-error.ts'
import type { ServiceName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getPod, readPods } from '../kube/kube-objects.ts'
import { getService, listServiceEndpoints, type Service, type ServiceEndpoints } from '../kube/services.ts'
import { type AddressSearch, findPodsByAddress, type PodFilter } from './pods-by-address.ts'

/** Maximum number of concurrent requests for single pods. */
const getsAtATime = 8
/** Maximum number of requests for single pods in all: as many as can be captured at the same time. */
const mostGets = 1_000

/** Result of a search for the pods of a service, in addition to the pods. */
export interface ServiceSearch extends AddressSearch {
  /** Service; undefined when the login may not get services. */
  readonly service: Service | undefined
  /** Endpoints; undefined when there are none, or when the login may not list them. */
  readonly endpoints: ServiceEndpoints | undefined
  /** Why pods in other namespaces were not checked, though the endpoints name them. */
  readonly refusal?: KcapError | undefined
}

/**
 * Passes the pods of a service to `take`, ready or not: those that its selector matches, and those that its endpoints name or point at. A pod may be
 * passed twice. Returns undefined when there is no such service.
 * @throws {KcapError} api-forbidden — when the login may see neither selector nor endpoints
 * @throws {KcapError} api-* — when a request fails
 */
export async function findServicePods(
  name: ServiceName,
  access: ClusterAccess,
  take: PodFilter,
  signal: AbortSignal,
): Promise<ServiceSearch | undefined> {
  const namespace = name.namespace ?? access.namespace
  const [service, endpoints] = await Promise.all([
    orForbidden(getService(access, namespace, name.service, signal)),
    orForbidden(listServiceEndpoints(access, namespace, name.service, signal)),
  ])
  if (service === undefined) return undefined
  if (service instanceof KcapError) {
    if (endpoints === undefined || endpoints instanceof KcapError) throw service
  } else if (service.externalName !== undefined) {
    return { service, endpoints: undefined, others: new Map(), nodes: new Map(), gap: undefined }
  } else if (service.selector === undefined && endpoints instanceof KcapError) throw endpoints

  const known = service instanceof KcapError ? undefined : service
  const listed = endpoints instanceof KcapError ? undefined : endpoints
  const missing = new Map(listed?.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
  let isFull = false
  let hasAny = false
  const takeNamed = (pod: V1Pod) => {
    missing.delete(`${pod.metadata?.namespace}/${pod.metadata?.name}`)
    isFull ||= !take(pod)
    hasAny = true
    return !isFull
  }
  if (known?.selector !== undefined) {
    const listing = listPods(access, namespace, known.selector, takeNamed, signal)
    // The login may be allowed to get pods, but not to list them.
    const outcome = await orForbidden(listing)
    if (outcome instanceof KcapError && missing.size === 0) throw outcome
  }
  let refusal: KcapError | undefined
  const named = [...missing.values()].slice(0, mostGets)
  for (let i = 0; i < named.length && !isFull; i += getsAtATime) {
    const some = named.slice(i, i + getsAtATime)
    const found = await Promise.all(
      some.map(async (pod) => {
        const got = getPod(access, pod.namespace, pod.name, signal)
        return pod.namespace === namespace ? await got : await orForbidden(got)
      }),
    )
    for (const pod of found) {
      if (pod instanceof KcapError) refusal ??= pod
      else if (pod !== undefined && !isFull) takeNamed(pod)
    }
  }
  const addresses = isFull ? new Map() : (listed?.addresses ?? new Map())
  const search = await orForbidden(findPodsByAddress(addresses, access, namespace, takeNamed, signal))
  const found = { service: known, endpoints: listed, refusal }
  if (!(search instanceof KcapError)) return { ...search, ...found }
  if (!hasAny) throw search
  return { ...found, others: new Map(), nodes: new Map(), gap: 'forbidden' }
}

async function listPods(
  access: ClusterAccess,
  namespace: string,
  labelSelector: string,
  take: PodFilter,
  signal: AbortSignal,
): Promise<void> {
  for await (const pods of readPods(access, { namespace, labelSelector, signal }))
    if (!pods.filter(({ metadata }) => metadata?.namespace === namespace).every(take)) return
}

/** Returns the error when the login lacks a permission. */
async function orForbidden<Answer>(answer: Promise<Answer>): Promise<Answer | KcapError> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KcapError && error.code === 'api-forbidden') return error
    throw error
  }
}
