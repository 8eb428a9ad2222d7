import { isIP } from 'node:net'
import type { V1Node, V1Pod, V1Service } from '@kubernetes/client-node'
import type { AddressName } from '../base/address-name.ts'
import type { WriteLog } from '../base/log.ts'
import { posixChecksum } from '../base/posix-checksum.ts'
import { printable } from '../base/printable.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { makeKeptSize, tooManyObjects } from './read-list.ts'
import { watchList } from './watch-list.ts'

export interface FollowNamesOptions {
  /** Namespaces to follow; undefined: all of them. */
  readonly namespaces: readonly (string | undefined)[]
  /** Takes names that are new or have changed, each once. The next names are read when its promise has settled. */
  readonly take: (names: readonly AddressName[]) => Promise<void>
  readonly signal: AbortSignal
  readonly log: WriteLog
}

/** Maximum number of addresses that are remembered; names of others may be written twice. */
const mostRemembered = 100_000
/** Maximum number of names in one capture: a pod that gets another address each time would fill the output. */
const mostTaken = 1_000_000
/** Number of names that become one block, which readers of captures read whole. */
const takenAtATime = 5_000

/**
 * Follows the names of pods, services and nodes, by their addresses, until the signal is aborted. Leaves out what the login may not see. Settles when
 * the current names are known.
 */
export function followAddressNames(access: ClusterAccess, options: FollowNamesOptions): Promise<void> {
  /** Checksums of addresses, with the checksums of their names: the texts would take 20 MB. When two are alike, a name is written twice. */
  const known = new Map<number, number>()
  let taken = 0
  const take = async (names: readonly AddressName[]) => {
    const fresh = names.filter(({ address, name }) => {
      const key = checksum(address)
      const value = checksum(name)
      if (known.get(key) === value) return false
      if (known.size >= mostRemembered) known.delete(known.keys().next().value as number)
      known.set(key, value)
      return true
    })
    taken += fresh.length
    if (taken > mostTaken) throw new Error(`there are more than ${mostTaken} of them`)
    for (let at = 0; at < fresh.length; at += takenAtATime) await options.take(fresh.slice(at, at + takenAtATime))
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

/** Follows one resource; settles when its first list is known, or can't be read. */
function follow<Item extends object>(
  access: ClusterAccess,
  { path, ...action }: { readonly path: string; readonly resource: string; readonly namespace?: string | undefined },
  namesOf: (item: Item) => AddressName[],
  take: (names: readonly AddressName[]) => Promise<void>,
  { signal, log }: FollowNamesOptions,
): Promise<void> {
  return new Promise((resolve) => {
    const run = async () => {
      const keep = (item: Item) => {
        const names = namesOf(item)
        return names.length === 0 ? undefined : names
      }
      let listed: AddressName[] = []
      let size = makeKeptSize()
      for await (const change of watchList(access, { path, action, keep, signal, log })) {
        if (change.kind === 'began') {
          listed = []
          size = makeKeptSize()
        } else if (change.kind === 'listed') {
          for (const name of change.items.flat()) {
            if (!size.add(name)) throw tooManyObjects(access, action.resource)
            listed.push(name)
          }
        } else if (change.kind === 'complete') {
          await take(listed)
          listed = []
          resolve()
        } else await take(change.changes.flatMap(({ kind, item }) => (kind === 'changed' ? item : [])))
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
  // A pod on its node's network has the node's address. A pod that has ended keeps its address, which another pod may have by now.
  if (spec?.hostNetwork === true || metadata?.deletionTimestamp !== undefined) return []
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return []
  return nameAddresses(
    [metadata?.name, metadata?.namespace],
    (status?.podIPs ?? []).map(({ ip }) => ip),
  )
}

function namesOfService({ metadata, spec }: V1Service): AddressName[] {
  const addresses = spec?.clusterIPs ?? [spec?.clusterIP]
  return nameAddresses(
    [metadata?.name, metadata?.namespace, 'svc'],
    addresses.filter((address) => address !== 'None'),
  )
}

function namesOfNode({ metadata, status }: V1Node): AddressName[] {
  const addresses = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
  return nameAddresses(
    [metadata?.name],
    addresses.map(({ address }) => address),
  )
}

function nameAddresses(
  parts: readonly (string | undefined)[],
  addresses: readonly (string | undefined)[],
): AddressName[] {
  // Joined into one text: V8 would keep the parts of a template as well.
  const name = printable(parts.join('.'))
  return addresses.flatMap((address) => (address !== undefined && isIP(address) ? [{ address, name }] : []))
}

/** Returns a checksum that V8 stores without an object of its own. */
function checksum(text: string): number {
  return posixChecksum(Buffer.from(text)) | 0
}
