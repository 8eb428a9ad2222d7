import { badRequest, failure, type Status } from '../../../src/demo/api/status.ts'
import { unsupportedMediaType } from '../api/failures.ts'
import { isJsonFields, type JsonFields } from '../api/json-fields.ts'
import { applyJsonPatch, JsonPatchError } from './json-patch.ts'
import { MergeKeyError, mergeStrategically } from './strategic-merge-patch.ts'

/** Patch types under the API server's names; the demo does not support the last one, server-side apply. */
const acceptedTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

/** The object as a PATCH request wants it. k8s.io/apiserver/pkg/endpoints/handlers/patch.go */
export function applyPatch(
  original: JsonFields,
  contentType: string | undefined,
  body: Buffer,
): { readonly patched: JsonFields } | Status {
  const type = (contentType ?? '').split(';')[0]?.trim()
  if (!acceptedTypes.slice(0, 3).some((accepted) => accepted === type)) return unsupportedMediaType(acceptedTypes)
  const isList = type === 'application/json-patch+json'
  let patch: unknown
  try {
    patch = JSON.parse(body.toString('utf8'))
  } catch (error) {
    return badRequest(`error decoding patch: ${(error as Error).message}`)
  }
  if (isList !== Array.isArray(patch) || (!isList && !isJsonFields(patch)))
    return badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(patch) ? 'array' : 'object'} into Go value`,
    )
  try {
    if (isList) return { patched: applyJsonPatch(original, patch as Parameters<typeof applyJsonPatch>[1]) }
    return {
      patched:
        type === 'application/merge-patch+json'
          ? merge(original, patch as JsonFields)
          : mergeStrategically(original, patch as JsonFields),
    }
  } catch (error) {
    if (error instanceof JsonPatchError)
      return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
    if (error instanceof MergeKeyError)
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: error.message, code: 500 }
    throw error
  }
}

/** https://www.rfc-editor.org/rfc/rfc7386 */
function merge(original: JsonFields, patch: JsonFields): JsonFields {
  const merged = { ...original }
  for (const [field, value] of Object.entries(patch)) {
    const present = merged[field]
    if (value === null) delete merged[field]
    else merged[field] = isJsonFields(value) ? merge(isJsonFields(present) ? present : {}, value) : value
  }
  return merged
}
