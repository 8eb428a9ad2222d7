import type { ClusterAccess } from '../kube/cluster-access.ts'
import { type ListedResource, listNames } from '../kube/kube-objects.ts'
import { workloadResources } from '../kube/workloads.ts'
import { isListedObject, type ListedObject, type ObjectKind } from './cluster-names.ts'

/** More than that nobody completes, and a shell would wait for it. */
const maxObjects = 5_000

const kinds: readonly (readonly [ObjectKind, 'services' | 'nodes' | ListedResource])[] = [
  ['svc', 'services'],
  ['deploy', workloadResources.deploy],
  ['sts', workloadResources.sts],
  ['ds', workloadResources.ds],
  ['node', 'nodes'],
]

/** Services, workloads and nodes of a cluster, or those of its own namespaces. A kind that the login may not list is left out. */
export async function askObjects(
  access: ClusterAccess,
  ownNamespaces: readonly string[],
  signal: AbortSignal,
): Promise<ListedObject[]> {
  const namespaces = [...new Set([access.namespace, ...ownNamespaces])]
  const lists = await Promise.all(
    kinds.map(async ([kind, listed]) => {
      const list = async (namespace?: string) =>
        await listNames(access, listed, { namespace, limit: maxObjects, signal })
      const names = await list().catch(async () => {
        if (kind === 'node') return []
        return (await Promise.all(namespaces.map(async (namespace) => await list(namespace).catch(() => [])))).flat()
      })
      return names.map(({ name, namespace = '' }): ListedObject => ({ kind, namespace, name }))
    }),
  )
  return lists.flat().filter(isListedObject).slice(0, maxObjects)
}
