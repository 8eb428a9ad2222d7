import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { type ListOptions, readPods } from '../kube/kube-objects.ts'
import { makeKeptSize } from '../kube/read-list.ts'
import { describeNone } from './list-objects.ts'
import type { ListRow, ListTable } from './list-row.ts'

/** Lists the containers of pods, each with its `--container` value, its kind and its state. */
export async function listContainerRows(access: ClusterAccess, options: ListOptions): Promise<ListTable> {
  const rows: ListRow[] = []
  const size = makeKeptSize()
  read: for await (const pods of readPods(access, options))
    for (const row of pods.flatMap(describeContainers)) {
      if (!size.add(row)) {
        options.onCut?.()
        break read
      }
      rows.push(row)
    }
  return {
    columns: [
      ...(options.namespace === undefined ? [{ key: 'namespace', title: 'NAMESPACE' }] : []),
      { key: 'pod', title: 'POD' },
      { key: 'name', title: 'NAME' },
      { key: 'kind', title: 'KIND' },
      { key: 'status', title: 'STATUS' },
      { key: 'restarts', title: 'RESTARTS' },
      { key: 'image', title: 'IMAGE', isWide: true },
    ],
    count: rows.length,
    rows: () => rows,
    nameOf: ({ name }) => String(name),
    noneText: describeNone(options.namespace),
  }
}

function describeContainers({ metadata, spec, status }: V1Pod): ListRow[] {
  const { name: pod = '', namespace = '' } = metadata ?? {}
  const kinds = [
    ['container', spec?.containers, status?.containerStatuses],
    ['init', spec?.initContainers, status?.initContainerStatuses],
    ['ephemeral', spec?.ephemeralContainers, status?.ephemeralContainerStatuses],
  ] as const
  return kinds.flatMap(([kind, containers = [], statuses = []]) =>
    containers.map(({ name, image = '' }) => {
      const found = statuses.find((one) => one.name === name)
      return {
        namespace,
        pod,
        name,
        kind,
        status: describeState(found),
        restarts: String(found?.restartCount ?? 0),
        image,
      }
    }),
  )
}

function describeState(status: V1ContainerStatus | undefined): string {
  const { running, waiting, terminated } = status?.state ?? {}
  if (running !== undefined) return 'Running'
  return waiting?.reason ?? terminated?.reason ?? (terminated === undefined ? 'Waiting' : 'Terminated')
}
