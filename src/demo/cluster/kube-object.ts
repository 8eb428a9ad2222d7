/** Kubernetes object as sent over the network. `spec` and `status` stay open; the metadata has the fields that kcap and kubectl read. */
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

export interface PodSpec extends Record<string, unknown> {
  containers: Container[]
  initContainers?: Container[]
  ephemeralContainers?: EphemeralContainer[]
  volumes?: { name: string; [source: string]: unknown }[]
  securityContext?: SecurityContext
  nodeName?: string
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  activeDeadlineSeconds?: number
  terminationGracePeriodSeconds?: number
}

export interface Container extends Record<string, unknown> {
  name: string
  image: string
  imagePullPolicy?: string
  ports?: { name?: string; containerPort: number; hostPort?: number; protocol?: string }[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  securityContext?: SecurityContext
  volumeMounts?: { name: string; subPath?: string; subPathExpr?: string }[]
}

export interface EphemeralContainer extends Container {
  targetContainerName?: string
}

/** Security context of a pod or a container; a container's own fields override its pod's. */
export interface SecurityContext extends Record<string, unknown> {
  runAsUser?: number
  runAsNonRoot?: boolean
  seccompProfile?: { type: string }
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  capabilities?: { add?: string[]; drop?: string[] }
}

export interface PodStatus extends Record<string, unknown> {
  phase: string
  podIP?: string
  podIPs?: { ip: string }[]
  conditions: { type: string; status: string; lastTransitionTime: string; [field: string]: unknown }[]
  containerStatuses?: ContainerStatus[]
  ephemeralContainerStatuses?: ContainerStatus[]
}

export interface ContainerStatus extends Record<string, unknown> {
  name: string
  ready: boolean
  started?: boolean
  restartCount: number
  containerID?: string
  state: ContainerState
  lastState: Record<string, unknown>
}

export interface ContainerState {
  running?: { startedAt: string }
  waiting?: { reason: string; message?: string }
  terminated?: Record<string, unknown>
}

export function isPodObject(object: KubeObject): object is Pod {
  return object.kind === 'Pod'
}

export function findContainerNamed({ spec }: Pod, name: string): Container | undefined {
  return [...spec.containers, ...(spec.ephemeralContainers ?? [])].find((container) => container.name === name)
}

/** Formats a time like Kubernetes: RFC 3339 in whole seconds. */
export function formatKubeTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
