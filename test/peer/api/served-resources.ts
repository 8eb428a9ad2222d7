import { type Resource, resources } from '../../../src/demo/cluster/resources.ts'

/** Returns the resources of a cluster that may be older than the demo's. */
export function servedResources({
  hasEphemeralContainers,
  hasEndpointSlices,
}: {
  readonly hasEphemeralContainers: boolean
  readonly hasEndpointSlices: boolean
}): Resource[] {
  return resources
    .filter(({ plural }) => hasEndpointSlices || plural !== 'endpointslices')
    .map((resource) => ({
      ...resource,
      subresources: resource.subresources.filter(
        ({ name }) => hasEphemeralContainers || name !== 'ephemeralcontainers',
      ),
    }))
}
