import type { ResourcePath } from '../../../src/demo/api/resource-path.ts'
import type { DemoPods } from '../../../src/demo/cluster/demo-pods.ts'
import type { ObjectStore } from '../../../src/demo/cluster/object-store.ts'
import type { Kubelet } from '../cluster/kubelet.ts'

export interface PodWriter {
  readonly store: ObjectStore
  readonly pods: DemoPods
  readonly kubelet: Kubelet
  readonly hasEphemeralContainers: boolean
}

export interface PodWrite {
  readonly method: string
  readonly path: ResourcePath
  readonly query: URLSearchParams
  /** https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run */
  readonly isDryRun: boolean
  readonly contentType: string | undefined
  readonly body: Buffer
}
