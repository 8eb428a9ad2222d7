import { type Resource, resources } from '../../../src/demo/cluster/resources.ts'

/** Returns the resources of a cluster that takes all writes to pods and may be older than the demo's. */
export function servedResources({
  hasEphemeralContainers,
  hasEndpointSlices,
}: {
  readonly hasEphemeralContainers: boolean
  readonly hasEndpointSlices: boolean
}): Resource[] {
  return resources
    .filter(({ plural }) => hasEndpointSlices || plural !== 'endpointslices')
    .map((resource) => (resource.plural === 'pods' ? withWrites(resource, hasEphemeralContainers) : resource))
}

function withWrites(pods: Resource, hasEphemeralContainers: boolean): Resource {
  return {
    ...pods,
    verbs: [...pods.verbs, 'patch', 'update'],
    subresources: pods.subresources
      .filter(({ name }) => hasEphemeralContainers || name !== 'ephemeralcontainers')
      .map((known) => (known.name === 'exec' ? known : { ...known, verbs: [...known.verbs, 'update'] })),
  }
}
