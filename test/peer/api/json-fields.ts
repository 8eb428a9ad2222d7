/** A JSON object whose fields nobody has looked at yet. */
export type JsonFields = Record<string, unknown>

export function isJsonFields(value: unknown): value is JsonFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
