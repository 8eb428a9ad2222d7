import { isOfFamily, makeSlice, putIfChanged, type ServedEndpoint } from '../../../src/demo/cluster/endpoints.ts'
import type { KubeObject } from '../../../src/demo/cluster/kube-object.ts'
import type { ObjectStore } from '../../../src/demo/cluster/object-store.ts'

interface EndpointSubset {
  readonly addresses?: readonly ServedEndpoint[]
  readonly notReadyAddresses?: readonly ServedEndpoint[]
  readonly ports?: readonly object[]
}

/** k8s.io/kubernetes/pkg/controller/endpointslicemirroring. */
const mirroringController = 'endpointslicemirroring-controller.k8s.io'

/** Makes the EndpointSlices of Endpoints that somebody else made, for a namespace's services without a selector. */
export function mirrorEndpoints(store: ObjectStore, namespace: string): void {
  for (const service of store.list('services', namespace))
    if (service.spec?.selector === undefined && service.spec?.type !== 'ExternalName') mirrorService(store, service)
}

function mirrorService(store: ObjectStore, service: KubeObject): void {
  const { name, namespace } = service.metadata
  const endpoints = store.get('endpoints', namespace, name)
  if (endpoints?.metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] === 'true') return
  const slices = ['IPv4', 'IPv6'].flatMap((family) => {
    const subsets = (endpoints?.subsets ?? []) as EndpointSubset[]
    return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
      const mirror = (list: readonly ServedEndpoint[], ready: boolean) =>
        list
          .filter(({ ip }) => isOfFamily(ip, family))
          .map(({ ip, ...more }) => ({ addresses: [ip], conditions: { ready }, ...more }))
      const mirrored = [...mirror(addresses, true), ...mirror(notReadyAddresses, false)]
      if (endpoints === undefined || mirrored.length === 0) return []
      return [makeSlice(service, endpoints, family, mirrored, { manager: mirroringController, ports, index })]
    })
  })
  for (const slice of slices) putIfChanged(store, slice)
  for (const { metadata } of store.list('endpointslices', namespace)) {
    const labels = metadata.labels ?? {}
    const isMirror = labels['endpointslice.kubernetes.io/managed-by'] === mirroringController
    if (
      isMirror &&
      labels['kubernetes.io/service-name'] === name &&
      !slices.some((slice) => slice.metadata.name === metadata.name)
    )
      store.remove('endpointslices', namespace, metadata.name)
  }
}
