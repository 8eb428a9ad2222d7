/** A Kubernetes object as it travels: `spec` and `status` stay open, the metadata kcap and kubectl look at is named. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMetadata
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
  [field: string]: unknown
}

export interface ObjectMetadata {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller: boolean
  blockOwnerDeletion: boolean
}

export interface Pod extends KubeObject {
  spec: PodSpec
  status: PodStatus
}

interface PodSpec extends Record<string, unknown> {
  containers: {
    name: string
    image: string
    ports?: { name: string; containerPort: number; protocol: string }[]
    [field: string]: unknown
  }[]
  nodeName?: string
}

export interface PodStatus extends Record<string, unknown> {
  phase: string
  podIP?: string
  podIPs?: { ip: string }[]
  conditions: { type: string; status: string; lastTransitionTime: string; [field: string]: unknown }[]
  containerStatuses?: ContainerStatus[]
}

export interface ContainerStatus extends Record<string, unknown> {
  name: string
  ready: boolean
  started: boolean
  restartCount: number
  containerID?: string
  state: { running?: { startedAt: string }; waiting?: Record<string, string>; terminated?: Record<string, unknown> }
  lastState: Record<string, unknown>
}

export function isPod(object: KubeObject): object is Pod {
  return object.kind === 'Pod'
}

/** RFC 3339 in whole seconds, as Kubernetes writes its times. */
export function formatKubeTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
