import type { Container, PodSpec } from '../../../src/demo/cluster/kube-object.ts'
import type { FieldError } from '../api/field-errors.ts'

const pullPolicies = ['Always', 'IfNotPresent', 'Never'] as const
const labelPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'

/** Validates the fields that containers of all types have: k8s.io/kubernetes/pkg/apis/core/validation, validateContainerCommon. */
export function validateContainer(container: Container, path: string, spec: PodSpec): FieldError[] {
  return [
    ...validateName(container.name, `${path}.name`),
    ...validateImage(container, path),
    ...validateVolumeMounts(container, path, spec),
    ...validateSecurityContext(container, path),
  ]
}

function validateName(name: unknown, field: string): FieldError[] {
  if (typeof name !== 'string' || name === '') return [{ field, type: 'required' }]
  if (name.length > 63) return [{ field, type: 'invalid', value: name, detail: 'must be no more than 63 bytes' }]
  if (new RegExp(`^${labelPattern}$`).test(name)) return []
  const detail = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${labelPattern}')`
  return [{ field, type: 'invalid', value: name, detail }]
}

function validateImage({ image, imagePullPolicy }: Container, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (typeof image !== 'string' || image === '') errors.push({ field: `${path}.image`, type: 'required' })
  else if (image.trim() !== image)
    errors.push({
      field: `${path}.image`,
      type: 'invalid',
      value: image,
      detail: 'must not have leading or trailing whitespace',
    })
  if (!pullPolicies.some((known) => known === imagePullPolicy))
    errors.push({
      field: `${path}.imagePullPolicy`,
      type: 'not-supported',
      value: imagePullPolicy,
      detail: `supported values: ${pullPolicies.map((known) => JSON.stringify(known)).join(', ')}`,
    })
  return errors
}

function validateVolumeMounts({ volumeMounts = [] }: Container, path: string, spec: PodSpec): FieldError[] {
  const volumes = (spec.volumes ?? []).map(({ name }) => name)
  return volumeMounts.flatMap(({ name }, i): FieldError[] =>
    volumes.includes(name) ? [] : [{ field: `${path}.volumeMounts[${i}].name`, type: 'not-found', value: name }],
  )
}

function validateSecurityContext({ securityContext }: Container, path: string): FieldError[] {
  if (securityContext?.allowPrivilegeEscalation !== false) return []
  const refuse = (what: string): FieldError => ({
    field: `${path}.securityContext`,
    type: 'invalid',
    value: securityContext,
    detail: `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
  })
  return [
    ...(securityContext.privileged ? [refuse('`privileged` to true')] : []),
    ...(securityContext.capabilities?.add?.includes('CAP_SYS_ADMIN')
      ? [refuse('`capabilities.Add` CAP_SYS_ADMIN')]
      : []),
  ]
}
