import type { CaptureRequest } from '../base/capture-request.ts'
import type { NodeTarget, PodTarget, SshHostName } from '../base/target.ts'

/** The SSH host that is the node of a target: the one the user named, or by the pattern for all nodes. undefined: neither is there. */
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
