import type { V1Pod } from '@kubernetes/client-node'
import { KcapError } from '../base/kcap-error.ts'
import type { ServiceName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getPod, readPods } from '../kube/kube-objects.ts'
import { getService, listServiceEndpoints, type Service, type ServiceEndpoints } from '../kube/services.ts'
import { type AddressSearch, findPodsByAddress, type TakePod } from './pods-by-address.ts'

/** Requests for single pods that run at once. */
const getsAtATime = 8
/** Requests for single pods in all: as many as can be captured at once. */
const mostGets = 1_000

/** What a search for the pods of a service found besides the pods. */
export interface ServiceSearch extends AddressSearch {
  /** undefined when the login may not get services. */
  readonly service: Service | undefined
  /** undefined when it has none, or when the login may not list them. */
  readonly endpoints: ServiceEndpoints | undefined
  /** Why pods of other namespaces that the endpoints name were not looked at. */
  readonly refusal?: KcapError | undefined
}

/**
 * Passes the pods of a service to `take`: those that its selector matches, and those that its endpoints name or point at, whether they are ready
 * or not. A pod may be passed twice. Returns undefined when there is no such service. Throws `api-*` errors, `api-forbidden` when the login may
 * see neither selector nor endpoints.
 */
export async function findServicePods(
  name: ServiceName,
  access: ClusterAccess,
  take: TakePod,
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
    // The login may be allowed to get pods and not to list them.
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
  take: TakePod,
  signal: AbortSignal,
): Promise<void> {
  for await (const pods of readPods(access, { namespace, labelSelector, signal }))
    if (!pods.filter(({ metadata }) => metadata?.namespace === namespace).every(take)) return
}

/** Returns the error where the login has no right to something. */
async function orForbidden<Answer>(answer: Promise<Answer>): Promise<Answer | KcapError> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KcapError && error.code === 'api-forbidden') return error
    throw error
  }
}
