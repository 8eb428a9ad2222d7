import { isDeepStrictEqual } from 'node:util'
import type { EphemeralContainer, Pod } from '../../../src/demo/cluster/kube-object.ts'
import type { FieldError } from '../api/field-errors.ts'
import { validateContainer } from './validate-container.ts'

/** A container for a look around must not be part of what the pod is for. */
const forbiddenFields = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const
const mirrorAnnotation = 'kubernetes.io/config.mirror'
const path = 'spec.ephemeralContainers'

/** k8s.io/kubernetes/pkg/apis/core/validation, ValidatePodEphemeralContainersUpdate. */
export function validateEphemeralContainersUpdate(pod: Pod, present: Pod): FieldError[] {
  if (present.metadata.annotations?.[mirrorAnnotation] !== undefined)
    return [{ field: '[]', type: 'forbidden', detail: 'static pods do not support ephemeral containers' }]
  return [...validateEphemeralContainers(pod), ...validateUnchanged(pod, present)]
}

function validateEphemeralContainers({ spec }: Pod): FieldError[] {
  const others = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name)
  const taken = new Set(others)
  return (spec.ephemeralContainers ?? []).flatMap((container, i) => {
    const at = `${path}[${i}]`
    const { name, targetContainerName } = container
    const errors = validateContainer(container, at, spec)
    if (taken.has(name)) errors.push({ field: `${at}.name`, type: 'duplicate', value: name })
    taken.add(name)
    if (targetContainerName !== undefined && targetContainerName !== '' && !others.includes(targetContainerName))
      errors.push({ field: `${at}.targetContainerName`, type: 'not-found', value: targetContainerName })
    return [...errors, ...validateFields(container, at)]
  })
}

function validateFields(container: EphemeralContainer, at: string): FieldError[] {
  const refuse = (field: string): FieldError => ({
    field,
    type: 'forbidden',
    detail: 'cannot be set for an Ephemeral Container',
  })
  return [
    ...forbiddenFields.filter((field) => isSet(container[field])).map((field) => refuse(`${at}.${field}`)),
    ...(container.volumeMounts ?? []).flatMap((mount, i) =>
      (['subPath', 'subPathExpr'] as const)
        .filter((field) => (mount[field] ?? '') !== '')
        .map((field) => refuse(`${at}.volumeMounts[${i}].${field}`)),
    ),
  ]
}

/** An empty list or object is as good as none. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && Object.keys(value).length > 0
}

/** Order is free: a patch may change it. */
function validateUnchanged(pod: Pod, present: Pod): FieldError[] {
  const refuse = (name: string, what: string): FieldError => ({
    field: path,
    type: 'forbidden',
    detail: `existing ephemeral containers ${JSON.stringify(name)} may not be ${what}\n`,
  })
  return (present.spec.ephemeralContainers ?? []).flatMap((container) => {
    const kept = pod.spec.ephemeralContainers?.find(({ name }) => name === container.name)
    if (kept === undefined) return [refuse(container.name, 'removed')]
    return isDeepStrictEqual(kept, container) ? [] : [refuse(container.name, 'changed')]
  })
}
