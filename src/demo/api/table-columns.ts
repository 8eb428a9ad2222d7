import { isPodObject, type KubeObject, type Pod } from '../cluster/kube-object.ts'

/** Column as kubectl prints it: k8s.io/kubernetes/pkg/printers/internalversion/printers.go. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer'
  readonly format: '' | 'name'
  readonly description: string
  /** Visibility: 0 is always shown, 1 only with `-o wide`. */
  readonly priority: 0 | 1
}

export interface ResourceColumns {
  readonly columns: readonly Column[]
  readonly cells: (object: KubeObject, nowMs: number) => unknown[]
}

function column(name: string, type: Column['type'] = 'string', priority: Column['priority'] = 0): Column {
  return { name, type, format: name === 'Name' ? 'name' : '', description: `${name} of the object.`, priority }
}

function define(definitions: readonly (string | Column)[], cells: ResourceColumns['cells']): ResourceColumns {
  return {
    columns: definitions.map((definition) => (typeof definition === 'string' ? column(definition) : definition)),
    cells,
  }
}

const wide = (name: string) => column(name, 'string', 1)
const none = '<none>'

const workloadColumns = [wide('Containers'), wide('Images'), wide('Selector')]

const byPlural: Readonly<Record<string, ResourceColumns>> = {
  pods: define(
    [
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      wide('IP'),
      wide('Node'),
      wide('Nominated Node'),
      wide('Readiness Gates'),
    ],
    (object, nowMs) => {
      if (!isPodObject(object)) return []
      const statuses = object.status.containerStatuses ?? []
      const restarts = statuses.reduce((sum, status) => sum + status.restartCount, 0)
      const ready = statuses.filter((status) => status.ready).length
      return [
        object.metadata.name,
        `${ready}/${object.spec.containers.length}`,
        podStatus(object),
        String(restarts),
        age(object, nowMs),
        object.status.podIP ?? none,
        object.spec.nodeName ?? none,
        none,
        none,
      ]
    },
  ),
  namespaces: define(['Name', 'Status', 'Age'], (object, nowMs) => [
    object.metadata.name,
    read(object, 'status.phase'),
    age(object, nowMs),
  ]),
  nodes: define(
    [
      'Name',
      'Status',
      'Roles',
      'Age',
      'Version',
      wide('Internal-IP'),
      wide('External-IP'),
      wide('OS-Image'),
      wide('Kernel-Version'),
      wide('Container-Runtime'),
    ],
    (object, nowMs) => [
      object.metadata.name,
      'Ready',
      object.metadata.labels?.['node-role.kubernetes.io/control-plane'] === undefined ? none : 'control-plane',
      age(object, nowMs),
      read(object, 'status.nodeInfo.kubeletVersion'),
      read(object, 'status.addresses.0.address'),
      none,
      read(object, 'status.nodeInfo.osImage'),
      read(object, 'status.nodeInfo.kernelVersion'),
      read(object, 'status.nodeInfo.containerRuntimeVersion'),
    ],
  ),
  services: define(
    ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', wide('Selector')],
    (object, nowMs) => [
      object.metadata.name,
      read(object, 'spec.type'),
      read(object, 'spec.clusterIP'),
      none,
      `${read(object, 'spec.ports.0.port')}/${read(object, 'spec.ports.0.protocol')}`,
      age(object, nowMs),
      formatLabels(read(object, 'spec.selector')),
    ],
  ),
  endpoints: define(['Name', 'Endpoints', 'Age'], (object, nowMs) => {
    const port = read(object, 'subsets.0.ports.0.port')
    const addresses = (read(object, 'subsets.0.addresses') ?? []) as { ip: string }[]
    return [object.metadata.name, addresses.map(({ ip }) => `${ip}:${port}`).join(',') || none, age(object, nowMs)]
  }),
  endpointslices: define(['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'], (object, nowMs) => {
    const endpoints = (object.endpoints ?? []) as { addresses: string[] }[]
    return [
      object.metadata.name,
      object.addressType,
      String(read(object, 'ports.0.port') ?? '<unset>'),
      endpoints.flatMap(({ addresses }) => addresses).join(',') || '<unset>',
      age(object, nowMs),
    ]
  }),
  deployments: define(['Name', 'Ready', 'Up-to-date', 'Available', 'Age', ...workloadColumns], (object, nowMs) => {
    const replicas = read(object, 'spec.replicas')
    return [
      object.metadata.name,
      `${read(object, 'status.readyReplicas')}/${replicas}`,
      replicas,
      replicas,
      age(object, nowMs),
      ...workloadCells(object),
    ]
  }),
  replicasets: define(
    [
      'Name',
      column('Desired', 'integer'),
      column('Current', 'integer'),
      column('Ready', 'integer'),
      'Age',
      ...workloadColumns,
    ],
    (object, nowMs) => {
      const replicas = read(object, 'spec.replicas')
      return [object.metadata.name, replicas, replicas, replicas, age(object, nowMs), ...workloadCells(object)]
    },
  ),
  statefulsets: define(['Name', 'Ready', 'Age', wide('Containers'), wide('Images')], (object, nowMs) => [
    object.metadata.name,
    `${read(object, 'status.readyReplicas')}/${read(object, 'spec.replicas')}`,
    age(object, nowMs),
    ...workloadCells(object).slice(0, 2),
  ]),
  daemonsets: define(
    [
      'Name',
      ...['Desired', 'Current', 'Ready', 'Up-to-date', 'Available'].map((name) => column(name, 'integer')),
      'Node Selector',
      'Age',
      ...workloadColumns,
    ],
    (object, nowMs) => {
      const count = read(object, 'status.numberReady')
      return [
        object.metadata.name,
        count,
        count,
        count,
        count,
        count,
        none,
        age(object, nowMs),
        ...workloadCells(object),
      ]
    },
  ),
}

const anyColumns = define(['Name', 'Age'], (object, nowMs) => [object.metadata.name, age(object, nowMs)])

export function columnsOf(plural: string): ResourceColumns {
  return byPlural[plural] ?? anyColumns
}

/** Returns a pod's state as kubectl shows it: the phase, unless a container has a better reason. */
function podStatus(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating'
  for (const { state } of pod.status.containerStatuses ?? []) {
    const reason = state.waiting?.reason ?? state.terminated?.reason
    if (reason !== undefined) return String(reason)
  }
  return pod.status.phase
}

function workloadCells(object: KubeObject): string[] {
  const containers = (read(object, 'spec.template.spec.containers') ?? []) as { name: string; image: string }[]
  return [
    containers.map(({ name }) => name).join(','),
    containers.map(({ image }) => image).join(','),
    formatLabels(read(object, 'spec.selector.matchLabels')),
  ]
}

function formatLabels(labels: unknown): string {
  const text = Object.entries((labels ?? {}) as Record<string, string>).map(([key, value]) => `${key}=${value}`)
  return text.join(',') || none
}

function read(object: KubeObject, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)
}

function age(object: KubeObject, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(object.metadata.creationTimestamp)) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
