import type { ClusterNames } from '../listing/cluster-names.ts'
import { writeAnswer } from './answer-file.ts'
import { type DialogLists, formatDialog } from './dialog.ts'
import { formatInterfaceValue, parseInterfaceValue } from './interface-name.ts'

/**
 * The dialogs of clusters, for the launcher: their lists begin with what the listing has found. The dialogs of all other interfaces are
 * the same for everybody and part of the launcher.
 */
export function writeClusterDialogs(
  clusters: readonly { readonly context: string; readonly names: ClusterNames | undefined }[],
): void {
  const key = process.env.KUBECONFIG ?? ''
  for (const { context, names } of clusters) {
    const value = formatInterfaceValue({ kind: 'cluster', context })
    const reference = parseInterfaceValue(value)
    if (reference !== undefined) writeAnswer(value, key, formatDialog(reference, toLists(names)))
  }
}

function toLists(names: ClusterNames | undefined): DialogLists {
  if (names === undefined) return {}
  return {
    namespace: names.namespaces,
    target: names.pods.flatMap(({ namespace, pod }) => (namespace === names.ownNamespace ? [`pod/${pod}`] : [])),
  }
}
