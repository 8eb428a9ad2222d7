import { makeHexId, makeUid } from '../random/seeded-random.ts'
import { formatKubeTime, type OwnerReference, type Pod } from './kube-object.ts'

export interface ContainerSettings {
  readonly name: string
  readonly image?: string
  readonly port?: number
}

/** Settings of a pod; all but the name have a default. Names are not checked, because a hostile server would not check them either. */
export interface PodSettings {
  readonly namespace?: string
  readonly name: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly owner?: OwnerReference
  readonly containers?: readonly (ContainerSettings | string)[]
  readonly nodeName?: string
  readonly ip?: string
  readonly hostNetwork?: boolean
  readonly state?: 'running' | 'pending' | 'succeeded' | 'crash-loop'
  /** Creation time, in milliseconds since the epoch. */
  readonly createdAtMs?: number
}

export const nodeAddresses: Readonly<Record<string, string>> = {
  'demo-node-1': '192.168.49.2',
  'demo-node-2': '192.168.49.3',
}

export function makePod(settings: PodSettings, defaultIp: string): Pod {
  const { namespace = 'prod', name, state = 'running', hostNetwork = false } = settings
  const nodeName = settings.nodeName ?? 'demo-node-1'
  const hostIp = nodeAddresses[nodeName] ?? '192.168.49.2'
  const ip = hostNetwork ? hostIp : (settings.ip ?? defaultIp)
  const createdAtMs = settings.createdAtMs ?? Date.now()
  const createdAt = formatKubeTime(createdAtMs)
  const containers = (settings.containers ?? ['app']).map((container) =>
    typeof container === 'string' ? { name: container } : container,
  )
  const pod: Pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      ...(settings.owner === undefined ? {} : { generateName: `${settings.owner.name}-` }),
      namespace,
      uid: makeUid('pod', namespace, name, createdAtMs),
      resourceVersion: '',
      creationTimestamp: createdAt,
      ...(settings.labels === undefined ? {} : { labels: settings.labels }),
      ...(settings.annotations === undefined ? {} : { annotations: settings.annotations }),
      ...(settings.owner === undefined ? {} : { ownerReferences: [settings.owner] }),
    },
    spec: {
      containers: containers.map((container) => ({
        name: container.name,
        image: container.image ?? `registry.demo.internal/${container.name}:1.4.2`,
        ...(container.port === undefined
          ? {}
          : { ports: [{ name: 'http', containerPort: container.port, protocol: 'TCP' }] }),
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      })),
      restartPolicy: state === 'succeeded' ? 'Never' : 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      ...(state === 'pending' ? {} : { nodeName }),
      ...(hostNetwork ? { hostNetwork: true } : {}),
      securityContext: {},
      schedulerName: 'default-scheduler',
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: { phase: 'Pending', conditions: [], qosClass: 'BestEffort' },
  }
  if (state === 'pending') {
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: createdAt,
        reason: 'Unschedulable',
        message: '0/2 nodes are available: 2 Insufficient memory.',
      },
    ]
    return pod
  }
  const ready = state === 'running'
  const conditionReason = { succeeded: 'PodCompleted', 'crash-loop': 'ContainersNotReady', running: undefined }[state]
  const condition = (type: string, isTrue: boolean) => ({
    type,
    status: isTrue ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: createdAt,
    ...(isTrue || conditionReason === undefined ? {} : { reason: conditionReason }),
  })
  pod.status = {
    phase: state === 'succeeded' ? 'Succeeded' : 'Running',
    conditions: [
      condition('PodReadyToStartContainers', state !== 'succeeded'),
      condition('Initialized', true),
      condition('Ready', ready),
      condition('ContainersReady', ready),
      condition('PodScheduled', true),
    ],
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: createdAt,
    containerStatuses: containers.map((container) => makeContainerStatus(pod, container.name, state, createdAtMs)),
    qosClass: 'BestEffort',
  }
  return pod
}

function makeContainerStatus(
  pod: Pod,
  name: string,
  state: 'running' | 'succeeded' | 'crash-loop',
  createdAtMs: number,
) {
  const containerID = makeContainerId(pod, name, 0)
  const startedAt = formatKubeTime(createdAtMs + 3000)
  const finishedAt = formatKubeTime(createdAtMs + 9000)
  const states = {
    running: { state: { running: { startedAt } }, lastState: {}, restartCount: 0 },
    succeeded: {
      state: { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt, containerID } },
      lastState: {},
      restartCount: 0,
    },
    'crash-loop': {
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 5m0s restarting failed container=${name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
        },
      },
      lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt, finishedAt, containerID } },
      restartCount: 17,
    },
  }
  return {
    name,
    ...states[state],
    ready: state === 'running',
    started: state === 'running',
    image: pod.spec.containers.find((container) => container.name === name)?.image,
    imageID: `registry.demo.internal/${name}@sha256:${makeHexId('image', name)}`,
    containerID,
  }
}

/** Returns a container id, which is different for each start of a container. */
export function makeContainerId(pod: Pod, container: string, restartCount: number): string {
  return `containerd://${makeHexId('container', pod.metadata.uid, container, restartCount)}`
}
