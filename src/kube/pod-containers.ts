import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

export interface PodContainer {
  readonly name: string
  /**
   * Kind of container. A sidecar is an init container that keeps running with the others (`restartPolicy: Always`, from Kubernetes 1.28 on); any
   * other init container ends before they begin. https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
   */
  readonly kind: 'app' | 'sidecar' | 'init' | 'ephemeral'
  /** Status; undefined before the kubelet has reported one. */
  readonly status: V1ContainerStatus | undefined
}

/** Lists all containers of a pod: those of the application first, then sidecars, other init containers, and ephemeral ones. */
export function listContainers({ spec, status }: V1Pod): PodContainer[] {
  const make = (
    kind: PodContainer['kind'],
    containers: readonly { readonly name: string }[] = [],
    statuses: readonly V1ContainerStatus[] = [],
  ) => containers.map(({ name }) => ({ name, kind, status: statuses.find((one) => one.name === name) }))
  const init = spec?.initContainers ?? []
  const isSidecar = ({ restartPolicy }: { restartPolicy?: string }) => restartPolicy === 'Always'
  return [
    ...make('app', spec?.containers, status?.containerStatuses),
    ...make('sidecar', init.filter(isSidecar), status?.initContainerStatuses),
    ...make(
      'init',
      init.filter((container) => !isSidecar(container)),
      status?.initContainerStatuses,
    ),
    ...make('ephemeral', spec?.ephemeralContainers, status?.ephemeralContainerStatuses),
  ]
}

export function isRunning({ status }: PodContainer): boolean {
  return status?.state?.running !== undefined
}

export function findContainer(pod: V1Pod, name: string): PodContainer | undefined {
  return listContainers(pod).find((container) => container.name === name)
}
