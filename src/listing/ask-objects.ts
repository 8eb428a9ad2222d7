import type { ClusterAccess } from '../kube/cluster-access.ts'
import { listNames } from '../kube/kube-objects.ts'
import { isListedObject, type ListedObject, objectKinds } from './cluster-names.ts'

/** Maximum number of objects: nobody completes more, and a shell would wait for them. */
const maxObjects = 5_000

/** Lists services, workloads and nodes of a cluster, or those of its own namespaces. Leaves out a kind that the login may not list. */
export async function askObjects(
  access: ClusterAccess,
  ownNamespaces: readonly string[],
  signal: AbortSignal,
): Promise<ListedObject[]> {
  const namespaces = [...new Set([access.namespace, ...ownNamespaces])]
  const lists = await Promise.all(
    objectKinds.map(async (kind) => {
      const list = async (namespace?: string) => await listNames(access, kind, { namespace, limit: maxObjects, signal })
      const names = await list().catch(async () => {
        if (kind === 'node') return []
        return (await Promise.all(namespaces.map(async (namespace) => await list(namespace).catch(() => [])))).flat()
      })
      return names.map(({ name, namespace = '' }): ListedObject => ({ kind, namespace, name }))
    }),
  )
  return lists.flat().filter(isListedObject).slice(0, maxObjects)
}
