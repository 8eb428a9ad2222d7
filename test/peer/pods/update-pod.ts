import { isDeepStrictEqual } from 'node:util'
import { isStatus, type Status } from '../../../src/demo/api/status.ts'
import type { EphemeralContainer, ObjectMetadata, Pod } from '../../../src/demo/cluster/kube-object.ts'
import { refuseByPodSecurity } from '../admission/pod-security.ts'
import { conflict } from '../api/failures.ts'
import { type FieldError, invalid } from '../api/field-errors.ts'
import { applyPatch } from '../patch/apply-patch.ts'
import { defaultContainer } from './default-pod.ts'
import type { PodWrite, PodWriter } from './pod-write.ts'
import { readPod } from './read-pod.ts'
import { validateEphemeralContainersUpdate } from './validate-ephemeral-containers.ts'
import { validatePodUpdate } from './validate-pod.ts'

const modified = 'the object has been modified; please apply your changes to the latest version and try again'

/** PUT and PATCH. Each of a pod's two doors lets its own changes through: the subresource ephemeral containers, the pod itself the rest. */
export function updatePod(writer: PodWriter, present: Pod, write: PodWrite): Pod | Status {
  const wanted = readWanted(present, write)
  if (!('patched' in wanted)) return wanted
  const { patched } = wanted
  const { name, namespace, uid, resourceVersion } = present.metadata
  const asked = patched.metadata as Partial<ObjectMetadata> | undefined
  const pods = { group: '', plural: 'pods' }
  if (asked?.uid !== undefined && asked.uid !== uid)
    return conflict(pods, name, `Precondition failed: UID in precondition: ${asked.uid}, UID in object meta: ${uid}`)
  if (asked?.resourceVersion !== undefined && asked.resourceVersion !== resourceVersion)
    return conflict(pods, name, modified)

  const spec = { ...(patched.spec as Pod['spec']) }
  const isSubresource = write.path.subresource === 'ephemeralcontainers'
  const pod: Pod = isSubresource
    ? withEphemeralContainers(present, spec.ephemeralContainers)
    : { ...present, metadata: withChangeable(present.metadata, asked), spec }
  const errors: FieldError[] = isSubresource
    ? validateEphemeralContainersUpdate(pod, present)
    : validatePodUpdate(pod, present)
  if (errors.length > 0) return invalid('Pod', name, errors)
  const isSpecChanged = !isDeepStrictEqual(pod.spec, present.spec)
  const home = writer.store.get('namespaces', undefined, namespace ?? '')
  const refusal = isSpecChanged && home !== undefined ? refuseByPodSecurity(home, pod) : undefined
  if (refusal !== undefined) return refusal
  if (isDeepStrictEqual(pod, present)) return present
  if (isSpecChanged) pod.metadata = { ...pod.metadata, generation: (present.metadata.generation ?? 1) + 1 }
  if (write.isDryRun) return pod
  const updated = writer.pods.put(pod)
  writer.kubelet.sync(updated)
  return updated
}

function readWanted(present: Pod, { method, contentType, body }: PodWrite): ReturnType<typeof applyPatch> {
  if (method === 'PATCH') return applyPatch(present, contentType, body)
  const sent = readPod(body, contentType, present.metadata.namespace ?? '')
  return isStatus(sent) ? sent : { patched: sent }
}

function withEphemeralContainers(present: Pod, containers: readonly EphemeralContainer[] | undefined): Pod {
  const { ephemeralContainers: _present, ...spec } = present.spec
  return {
    ...present,
    spec: {
      ...spec,
      ...(containers === undefined ? {} : { ephemeralContainers: containers.map(defaultContainer) }),
    } as Pod['spec'],
  }
}

function withChangeable(present: ObjectMetadata, asked: Partial<ObjectMetadata> = {}): ObjectMetadata {
  const { labels: _labels, annotations: _annotations, ...fixed } = present
  const { labels, annotations } = asked
  return {
    ...fixed,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}
