import { makeUid } from '../random/seeded-random.ts'
import { formatKubeTime, type KubeObject, type OwnerReference } from './kube-object.ts'

export interface WorkloadSettings {
  readonly kind: 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job'
  readonly namespace: string
  readonly name: string
  readonly labels: Record<string, string>
  readonly replicas: number
  readonly containers: readonly string[]
  readonly owner?: OwnerReference
  readonly createdAtMs: number
}

export function makeWorkload(settings: WorkloadSettings): KubeObject {
  const { kind, namespace, name, labels, replicas } = settings
  const template = {
    metadata: { labels },
    spec: {
      containers: settings.containers.map((container) => ({
        name: container,
        image: `registry.demo.internal/${container}:1.4.2`,
        resources: {},
      })),
      restartPolicy: kind === 'Job' ? 'Never' : 'Always',
      dnsPolicy: 'ClusterFirst',
    },
  }
  return {
    kind,
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    metadata: {
      name,
      namespace,
      uid: makeUid(kind, namespace, name),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: formatKubeTime(settings.createdAtMs),
      labels,
      ...(settings.owner === undefined ? {} : { ownerReferences: [settings.owner] }),
    },
    spec: {
      ...(kind === 'DaemonSet' || kind === 'Job' ? {} : { replicas }),
      ...(kind === 'Job' ? { completions: 1, parallelism: 1 } : {}),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template,
    },
    status: makeStatus(kind, replicas),
  }
}

function makeStatus(kind: WorkloadSettings['kind'], replicas: number): Record<string, unknown> {
  if (kind === 'DaemonSet') {
    return {
      currentNumberScheduled: replicas,
      numberMisscheduled: 0,
      desiredNumberScheduled: replicas,
      numberReady: replicas,
      updatedNumberScheduled: replicas,
      numberAvailable: replicas,
      observedGeneration: 1,
    }
  }
  if (kind === 'Job') return { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] }
  return {
    observedGeneration: 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  }
}

export function ownerReference(object: KubeObject): OwnerReference {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name,
    uid: object.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}
