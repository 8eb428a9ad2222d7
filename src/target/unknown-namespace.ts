import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findNearNames } from '../base/near-names.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { hasNamespace, listNames } from '../kube/kube-objects.ts'

/** Names among which those are looked for that are meant. */
export const mostSuggested = 10_000

/** Why a name was not found may be its namespace. Throws `namespace-not-found`. */
export async function refuseUnknownNamespace(
  access: ClusterAccess,
  namespace: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await hasNamespace(access, namespace, signal)) !== false) return
  const near = await nearNames(namespace, async () =>
    (await listNames(access, 'ns', { limit: mostSuggested, signal })).map(({ name }) => name),
  )
  throw new KcapError(
    'namespace-not-found',
    `cannot capture "${target}": the cluster of the context "${access.context}" has no namespace "${namespace}"`,
    {
      hints: [...(near.length > 0 ? [`namespaces there: ${near.join(', ')}`] : []), line('kcap', 'list', 'namespaces')],
    },
  )
}

/** Names like it. A login that may not list names gets the error without suggestions. */
export async function nearNames(name: string, list: () => Promise<string[]>): Promise<string[]> {
  return findNearNames(name, await list().catch(() => []))
}
