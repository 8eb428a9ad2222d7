import { createHash } from 'node:crypto'
import type {
  V1Container,
  V1EnvFromSource,
  V1Job,
  V1OwnerReference,
  V1PodSpec,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
} from '@kubernetes/client-node'
import type { DebugContainer } from '../base/capture-request.ts'
import { ownerAnnotation } from '../kube/debug-container.ts'
import { recordLabel, recordLabels, recordNamespaceLabel } from '../kube/record-labels.ts'
import { recorderContainer } from '../share/recording-protocol.ts'
import { livenessFile, recorderFolder } from './recorder-folder.ts'

/** Annotation of a job with its node; names of nodes are too long for a label. */
export const nodeAnnotation = 'kcap/node'
/** Annotation of a job that describes its record: a `RecordDescription` in JSON. */
export const recordAnnotation = 'kcap/recording'

/** What people see of a record, and what another node needs. */
export interface RecordDescription {
  /** Targets as the user named them. */
  readonly targets: string
  /** Arguments of `kcap record run`, without the node. */
  readonly argv: readonly string[]
  readonly namespaces: readonly string[]
  readonly keepBytes: number
  /** End of the record, since the epoch. */
  readonly untilMs: number
}

/** Everything that a record's objects are made of. */
export interface RecordSpec {
  readonly name: string
  /** Namespace of the jobs. */
  readonly namespace: string
  readonly description: RecordDescription
  readonly image: string
  readonly debug: Pick<DebugContainer, 'pullPolicy' | 'pullSecret' | 'cpu' | 'memory'>
  /** Service account of the user's own; undefined: one is created. */
  readonly serviceAccount: string | undefined
  readonly priorityClass: string | undefined
  /** Secret whose keys become the environment of the recorder. */
  readonly storeSecret: string | undefined
  readonly owner: string
  readonly forSeconds: number
}

/** Objects of a record that are not bound to a node. */
export interface RecordRights {
  readonly account: V1ServiceAccount | undefined
  readonly roles: readonly V1Role[]
  readonly bindings: readonly V1RoleBinding[]
}

/** Time that a recorder has to finish its files, and to upload them. */
const graceSeconds = 60
/** Time for which the objects of a record stay after its end. */
const keptSeconds = 300
/** Starts of a recorder: evictions and restarts of its container count. */
const mostStarts = 20

export function accountName(record: string): string {
  return `kcap-${record}`
}

/** Returns the name of the job of a node: at most 63 characters, which is the limit of a label. */
export function jobName(record: string, node: string): string {
  return `kcap-${record}-${createHash('sha256').update(node).digest('hex').slice(0, 8)}`
}

/** Makes what lets recorders read pods in the namespaces concerned, and nothing else. */
export function makeRecordRights(spec: RecordSpec): RecordRights {
  const { name, namespace, description, serviceAccount } = spec
  if (serviceAccount !== undefined || description.namespaces.length === 0)
    return { account: undefined, roles: [], bindings: [] }
  const metadata = (where: string) => ({ name: accountName(name), namespace: where, ...makeMetadata(spec) })
  return {
    account: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: metadata(namespace),
      automountServiceAccountToken: false,
    },
    roles: description.namespaces.map((where) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: metadata(where),
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    })),
    bindings: description.namespaces.map((where) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata(where),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: accountName(name) },
      subjects: [{ kind: 'ServiceAccount', name: accountName(name), namespace }],
    })),
  }
}

/** Makes the job that records on a node. https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
export function makeRecorderJob(spec: RecordSpec, node: string): V1Job {
  const { name, namespace, description, forSeconds } = spec
  const { labels, annotations } = makeMetadata(spec)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(name, node),
      namespace,
      labels,
      annotations: { ...annotations, [nodeAnnotation]: node, [recordAnnotation]: JSON.stringify(description) },
    },
    spec: {
      activeDeadlineSeconds: forSeconds,
      ttlSecondsAfterFinished: keptSeconds,
      backoffLimit: mostStarts,
      template: {
        metadata: {
          labels,
          annotations: {
            ...annotations,
            // The runtime's own profile lets no container look into others. The field for it exists only from 1.30 on.
            [`container.apparmor.security.beta.kubernetes.io/${recorderContainer}`]: 'unconfined',
          },
        },
        spec: makePodSpec(spec, node),
      },
    },
  }
}

function makeMetadata({ name, namespace, owner }: RecordSpec) {
  return {
    labels: { ...recordLabels, [recordLabel]: name, [recordNamespaceLabel]: namespace },
    annotations: { [ownerAnnotation]: owner },
  }
}

function makePodSpec(spec: RecordSpec, node: string): V1PodSpec {
  const { name, description, debug, serviceAccount, priorityClass } = spec
  const watches = description.namespaces.length > 0
  return {
    // The node's own network is that of pods without one of their own. The processes of the node lead to the networks of the others.
    hostNetwork: true,
    hostPID: true,
    dnsPolicy: 'ClusterFirstWithHostNet',
    // Pinned by affinity and not by name: the scheduler then checks that the node has room, and the recorder displaces nothing.
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
        },
      },
    },
    tolerations: [{ operator: 'Exists' }],
    ...(priorityClass !== undefined && { priorityClassName: priorityClass }),
    // The container starts again in the same pod, where its files are.
    restartPolicy: 'OnFailure',
    terminationGracePeriodSeconds: graceSeconds,
    ...(watches && { serviceAccountName: serviceAccount ?? accountName(name) }),
    automountServiceAccountToken: watches,
    enableServiceLinks: false,
    ...(debug.pullSecret !== undefined && { imagePullSecrets: [{ name: debug.pullSecret }] }),
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [makeContainer(spec, node)],
    volumes: [
      { name: 'recording', emptyDir: { sizeLimit: String(Math.ceil(description.keepBytes * 1.05) + spareBytes) } },
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    ],
  }
}

/** Room in the volume for what is no recorded file. */
const spareBytes = 16 * 1024 * 1024

/**
 * Capabilities of a recorder, which drops all others. NET_RAW: packet sockets. SYS_ADMIN: setns(2) into the network of a pod. SYS_PTRACE:
 * /proc/PID/ns of processes of other users. SETUID and SETGID: Debian's tcpdump sets its user whenever root starts it, and exits if it may not.
 */
export const recorderCapabilities = ['NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE', 'SETUID', 'SETGID'] as const

function makeContainer({ image, debug, description, storeSecret }: RecordSpec, node: string): V1Container {
  const alive = livenessFile(recorderFolder)
  const environment: V1EnvFromSource[] = storeSecret === undefined ? [] : [{ secretRef: { name: storeSecret } }]
  return {
    name: recorderContainer,
    image,
    ...(debug.pullPolicy !== undefined && { imagePullPolicy: debug.pullPolicy }),
    command: ['kcap', 'record', 'run'],
    args: [...description.argv, ...(description.namespaces.length > 0 ? ['--on-node', node] : [])],
    env: [
      { name: 'HOME', value: '/tmp' },
      { name: 'TMPDIR', value: '/tmp' },
      // Node reserves memory by the size of the machine.
      { name: 'NODE_OPTIONS', value: '--max-old-space-size=96' },
    ],
    ...(environment.length > 0 && { envFrom: environment }),
    resources: {
      requests: {
        cpu: debug.cpu ?? '100m',
        memory: debug.memory ?? '128Mi',
        'ephemeral-storage': String(description.keepBytes),
      },
      limits: { cpu: debug.cpu ?? '500m', memory: debug.memory ?? '256Mi' },
    },
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: [...recorderCapabilities] },
    },
    // A file that the recorder writes every few seconds.
    readinessProbe: { exec: { command: ['test', '-e', alive] }, periodSeconds: 2, failureThreshold: 1 },
    livenessProbe: {
      exec: { command: ['sh', '-c', `test -n "$(find ${alive} -mmin -2)"`] },
      initialDelaySeconds: 60,
      periodSeconds: 60,
      timeoutSeconds: 10,
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: 'recording', mountPath: recorderFolder },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  }
}

/** Returns a reference that lets Kubernetes delete an object when all its owners are gone. */
export function referTo({ metadata }: V1Job): V1OwnerReference {
  return { apiVersion: 'batch/v1', kind: 'Job', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }
}
