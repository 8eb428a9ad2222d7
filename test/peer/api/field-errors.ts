import { failure, type Status } from '../../../src/demo/api/status.ts'

/** An error in a field of a sent object, in the words of k8s.io/apimachinery/pkg/util/validation/field/errors.go. */
export interface FieldError {
  readonly field: string
  readonly type: keyof typeof types
  /** The value that was sent, for types that quote it. */
  readonly value?: unknown
  readonly detail?: string
}

const types = {
  required: { reason: 'FieldValueRequired', words: 'Required value' },
  forbidden: { reason: 'FieldValueForbidden', words: 'Forbidden' },
  invalid: { reason: 'FieldValueInvalid', words: 'Invalid value' },
  duplicate: { reason: 'FieldValueDuplicate', words: 'Duplicate value' },
  'not-found': { reason: 'FieldValueNotFound', words: 'Not found' },
  'not-supported': { reason: 'FieldValueNotSupported', words: 'Unsupported value' },
} as const

/** 422, with a cause for each field: k8s.io/apimachinery/pkg/api/errors, NewInvalid. */
export function invalid(kind: string, name: string, errors: readonly FieldError[]): Status {
  const told = errors.map((error) => `${error.field}: ${formatBody(error)}`)
  const all = told.length === 1 ? told[0] : `[${told.join(', ')}]`
  return failure(422, 'Invalid', `${kind} ${JSON.stringify(name)} is invalid: ${all}`, {
    name,
    kind,
    causes: errors.map((error) => ({
      reason: types[error.type].reason,
      message: formatBody(error),
      field: error.field,
    })),
  })
}

function formatBody({ type, value, detail }: FieldError): string {
  const { words } = types[type]
  const quoted = type === 'required' || type === 'forbidden' ? words : `${words}: ${JSON.stringify(value)}`
  return detail === undefined ? quoted : `${quoted}: ${detail}`
}
