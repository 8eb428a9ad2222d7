import type { ClusterName, RecordedPart, RecorderName } from '../base/target.ts'
import type { FoundRecord } from './find-records.ts'

/** Returns the recorders of a record as targets, those that do not run included. */
export function listRecorders(
  { name, namespace, recorders }: FoundRecord,
  cluster: ClusterName,
  part: RecordedPart | undefined,
): RecorderName[] {
  return recorders.map(({ node, pod, state }) => ({
    ...cluster,
    kind: 'stream',
    protocol: 'recorder',
    record: name,
    namespace,
    node,
    pod,
    state,
    part,
  }))
}
