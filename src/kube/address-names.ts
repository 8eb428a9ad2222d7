import type { V1Node, V1Pod, V1Service } from '@kubernetes/client-node'
import type { AddressName } from '../base/address-name.ts'
import { printable } from '../base/printable.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { watchList } from './watch-list.ts'

export interface FollowNamesOptions {
  /** undefined: all. */
  readonly namespaces: readonly (string | undefined)[]
  /** Gets names that are new or have changed; each once. */
  readonly take: (names: readonly AddressName[]) => void
  readonly signal: AbortSignal
  readonly log: (line: string) => void
}

/**
 * Names of pods, services and nodes, by their addresses, as they come and change until the signal is aborted. What the login may not see
 * is left out. Gives a promise that settles when what is there now is known.
 */
export function followAddressNames(access: ClusterAccess, options: FollowNamesOptions): Promise<void> {
  const known = new Map<string, string>()
  const take = (names: readonly AddressName[]) => {
    const fresh = names.filter(({ address, name }) => known.get(address) !== name)
    for (const { address, name } of fresh) known.set(address, name)
    if (fresh.length > 0) options.take(fresh)
  }
  const watches = [
    follow<V1Node>(access, { path: '/api/v1/nodes', resource: 'nodes' }, namesOfNode, take, options),
    ...options.namespaces.flatMap((namespace) => {
      const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
      const of = (resource: string) => ({ path: `/api/v1${scope}/${resource}`, resource, namespace })
      return [
        follow<V1Service>(access, of('services'), namesOfService, take, options),
        follow<V1Pod>(access, of('pods'), namesOfPod, take, options),
      ]
    }),
  ]
  return Promise.all(watches).then(() => {})
}

/** Settles when the first list is known, or can't be had. */
function follow<Item>(
  access: ClusterAccess,
  { path, ...action }: { readonly path: string; readonly resource: string; readonly namespace?: string | undefined },
  namesOf: (item: Item) => AddressName[],
  take: (names: readonly AddressName[]) => void,
  { signal, log }: FollowNamesOptions,
): Promise<void> {
  return new Promise((resolve) => {
    const run = async () => {
      for await (const change of watchList<Item & object>(access, { path, action, signal, log })) {
        if (change.kind === 'listed') take(change.items.flatMap(namesOf))
        else if (change.kind === 'changed') take(namesOf(change.item))
        resolve()
      }
    }
    run()
      .catch((error: Error) => {
        if (!signal.aborted) log(`no names of ${action.resource}: ${error.message}`)
      })
      .finally(resolve)
  })
}

function namesOfPod({ metadata, spec, status }: V1Pod): AddressName[] {
  // On its node's network a pod has its node's address; one that has ended keeps the address that another may have by now.
  if (spec?.hostNetwork === true || metadata?.deletionTimestamp !== undefined) return []
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return []
  return nameAddresses(
    `${metadata?.name}.${metadata?.namespace}`,
    (status?.podIPs ?? []).map(({ ip }) => ip),
  )
}

function namesOfService({ metadata, spec }: V1Service): AddressName[] {
  const addresses = spec?.clusterIPs ?? [spec?.clusterIP]
  return nameAddresses(
    `${metadata?.name}.${metadata?.namespace}.svc`,
    addresses.filter((address) => address !== 'None'),
  )
}

function namesOfNode({ metadata, status }: V1Node): AddressName[] {
  const addresses = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
  return nameAddresses(
    `${metadata?.name}`,
    addresses.map(({ address }) => address),
  )
}

function nameAddresses(name: string, addresses: readonly (string | undefined)[]): AddressName[] {
  return addresses.flatMap((address) => (address ? [{ address, name: printable(name) }] : []))
}
