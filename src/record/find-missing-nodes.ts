import type { ClusterAccess } from '../kube/cluster-access.ts'
import { makeTargets } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { recordOptions } from '../request/record-options.ts'
import type { FoundRecord } from './find-records.ts'
import { selectPods } from './select-pods.ts'

/** Returns the nodes that have pods of a record and no recorder; none when the pods can't be listed, or have gone. */
export async function findMissingNodes(
  record: FoundRecord,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const parsed = parseArguments(record.argv, { more: recordOptions, environment: {} })
    const targets = makeTargets(parsed).filter(({ kind }) => kind !== 'local')
    if (targets.length === 0) return []
    const { nodes } = await selectPods(targets, access, signal)
    return nodes.filter((node) => !record.recorders.some((recorder) => recorder.node === node))
  } catch {
    signal.throwIfAborted()
    return []
  }
}
