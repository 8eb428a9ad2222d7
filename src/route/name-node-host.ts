import type { CaptureRequest } from '../base/capture-request.ts'
import type { NodeTarget, PodTarget, SshHostName } from '../base/target.ts'

/**
 * Returns the SSH host that is the node of a target: the one that the user named, or one from the pattern for all nodes; undefined without either.
 */
export function nameNodeHost(
  { node, nodeAddress }: PodTarget | NodeTarget,
  { nodeHost, nodeSsh }: Pick<CaptureRequest, 'nodeHost' | 'nodeSsh'>,
): SshHostName | undefined {
  if (nodeHost !== undefined || nodeSsh === undefined) return nodeHost
  const values: Readonly<Record<string, string | undefined>> = { '{node}': node, '{address}': nodeAddress }
  const parts = nodeSsh.host.split(/(\{node\}|\{address\})/)
  if (parts.some((part) => part in values && values[part] === undefined)) return undefined
  return { ...nodeSsh, host: parts.map((part) => values[part] ?? part).join('') }
}
