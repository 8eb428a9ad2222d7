import { isDeepStrictEqual } from 'node:util'
import type { Container, Pod, PodSpec } from '../../../src/demo/cluster/kube-object.ts'
import type { FieldError } from '../api/field-errors.ts'
import { validateContainer } from './validate-container.ts'

const subdomainPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
const longestDeadline = 2_147_483_647

/** k8s.io/kubernetes/pkg/apis/core/validation, ValidatePodCreate. */
export function validateNewPod({ metadata, spec }: Pod): FieldError[] {
  return [
    ...validateName(metadata.name),
    ...validateContainers(spec.containers, spec),
    ...(spec.initContainers ?? []).flatMap((container, i) =>
      validateContainer(container, `spec.initContainers[${i}]`, spec),
    ),
    ...validateDeadline(spec.activeDeadlineSeconds),
    ...(spec.ephemeralContainers === undefined
      ? []
      : [{ field: 'spec.ephemeralContainers', type: 'forbidden', detail: 'cannot be set on create' } as const]),
  ]
}

/** ValidatePodUpdate, whose message goes on with a Go diff. */
export function validatePodUpdate(pod: Pod, present: Pod): FieldError[] {
  if (isDeepStrictEqual(withoutChangeable(pod.spec), withoutChangeable(present.spec))) return []
  return [
    {
      field: 'spec',
      type: 'forbidden',
      detail:
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n',
    },
  ]
}

function validateName(name: string): FieldError[] {
  const field = 'metadata.name'
  if (name === '') return [{ field, type: 'required', detail: 'name or generateName is required' }]
  if (name.length > 253) return [{ field, type: 'invalid', value: name, detail: 'must be no more than 253 bytes' }]
  if (new RegExp(`^${subdomainPattern}$`).test(name)) return []
  const detail = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomainPattern}')`
  return [{ field, type: 'invalid', value: name, detail }]
}

function validateContainers(containers: readonly Container[], spec: PodSpec): FieldError[] {
  if (containers.length === 0) return [{ field: 'spec.containers', type: 'required' }]
  return containers.flatMap((container, i): FieldError[] => [
    ...validateContainer(container, `spec.containers[${i}]`, spec),
    ...(containers.findIndex(({ name }) => name === container.name) < i
      ? [{ field: `spec.containers[${i}].name`, type: 'duplicate', value: container.name } as const]
      : []),
  ])
}

function validateDeadline(seconds: number | undefined): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= longestDeadline)) return []
  const detail = `must be between 1 and ${longestDeadline}, inclusive`
  return [{ field: 'spec.activeDeadlineSeconds', type: 'invalid', value: seconds, detail }]
}

function withoutChangeable(spec: PodSpec): object {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...fixed } = spec
  const withoutImage = ({ image: _image, ...container }: Container) => container
  return {
    ...fixed,
    containers: spec.containers.map(withoutImage),
    initContainers: spec.initContainers?.map(withoutImage),
  }
}
