import { makeUid } from '../random/seeded-random.ts'
import { formatKubeTime, type KubeObject } from './kube-object.ts'

export function makeNamespace(name: string, createdAtMs: number): KubeObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: makeUid('Namespace', name),
      resourceVersion: '',
      creationTimestamp: formatKubeTime(createdAtMs),
      labels: { 'kubernetes.io/metadata.name': name },
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

export function makeNode(name: string, address: string, createdAtMs: number): KubeObject {
  const createdAt = formatKubeTime(createdAtMs)
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: makeUid('Node', name),
      resourceVersion: '',
      creationTimestamp: createdAt,
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...(name === 'demo-node-1' ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
    spec: { podCIDR: `10.244.${name.slice(-1)}.0/24`, podCIDRs: [`10.244.${name.slice(-1)}.0/24`] },
    status: {
      capacity: { cpu: '4', memory: '8148960Ki', pods: '110' },
      allocatable: { cpu: '4', memory: '8148960Ki', pods: '110' },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastHeartbeatTime: createdAt,
          lastTransitionTime: createdAt,
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
        },
      ],
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      nodeInfo: {
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        kernelVersion: '6.1.0-40-amd64',
        containerRuntimeVersion: 'containerd://2.1.4',
        kubeletVersion: 'v1.34.1',
        architecture: 'amd64',
        operatingSystem: 'linux',
      },
    },
  }
}
