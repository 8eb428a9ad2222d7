import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { hasNamespace, listNames } from '../kube/kube-objects.ts'

/** Maximum number of names that are searched for similar ones. */
export const maxComparedNames = 10_000

/**
 * Checks the namespace of a name that was not found.
 * @throws {KcapError} namespace-not-found — when the cluster has no such namespace
 */
export async function refuseUnknownNamespace(
  access: ClusterAccess,
  namespace: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await hasNamespace(access, namespace, signal)) !== false) return
  const near = await suggestNames(namespace, async () =>
    (await listNames(access, 'ns', { limit: maxComparedNames, signal })).map(({ name }) => name),
  )
  throw new KcapError(
    'namespace-not-found',
    `cannot capture "${target}": the cluster of the context "${access.context}" has no namespace "${namespace}"`,
    {
      hints: [
        ...(near.length > 0 ? [`similar namespaces: ${near.join(', ')}`] : []),
        line('kcap', 'list', 'namespaces'),
      ],
    },
  )
}

/** Returns similar names; none when the login may not list names. */
export async function suggestNames(name: string, list: () => Promise<string[]>): Promise<string[]> {
  return findSimilarNames(name, await list().catch(() => []))
}
