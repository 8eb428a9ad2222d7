import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { clusterOf, type NodeName, type NodeTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getNode, listNames } from '../kube/kube-objects.ts'
import { refuseWindows } from './refuse-windows.ts'
import { maxComparedNames, suggestNames } from './unknown-namespace.ts'

/**
 * Returns a node as a target. Accepts any name from a login that may not read nodes.
 * @throws {KcapError} node-not-found — when the cluster has no such node
 * @throws {KcapError} windows-node — when the node runs Windows
 * @throws {KcapError} api-* — when the request fails
 */
export async function resolveNode(name: NodeName, access: ClusterAccess, signal: AbortSignal): Promise<NodeTarget> {
  const node = await getNode(access, name.node, signal).catch((error: unknown) => {
    if (error instanceof KcapError && error.code === 'api-forbidden') return 'hidden' as const
    throw error
  })
  if (node === undefined) throw await nodeNotFound(name, access, signal)
  if (node !== 'hidden' && node.status?.nodeInfo?.operatingSystem === 'windows')
    throw refuseWindows(`node/${name.node}`)
  const addresses = node === 'hidden' ? [] : (node.status?.addresses ?? [])
  const nodeAddress = addresses.find(({ type }) => type === 'InternalIP')?.address
  return {
    kind: 'node',
    cluster: clusterOf(name),
    context: access.context,
    namespace: name.namespace ?? access.namespace,
    node: name.node,
    ...(nodeAddress === undefined ? {} : { nodeAddress }),
  }
}

async function nodeNotFound({ node }: NodeName, access: ClusterAccess, signal: AbortSignal): Promise<KcapError> {
  const near = await suggestNames(node, async () =>
    (await listNames(access, 'node', { limit: maxComparedNames, signal })).map(({ name }) => name),
  )
  return new KcapError('node-not-found', `cannot capture "node/${node}": the cluster has no such node`, {
    hints: [...(near.length > 0 ? [`similar nodes: ${near.join(', ')}`] : []), line('kcap', 'list', 'nodes')],
  })
}
