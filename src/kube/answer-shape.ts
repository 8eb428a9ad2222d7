/** What a value is worth as what is expected of it; undefined where it is none. JSON that was parsed for nobody else is changed in place. */
export type Fit = (value: unknown) => unknown

/** Half a surrogate is no text that could be sent back. */
export const text: Fit = (value) => (typeof value === 'string' && !/\p{Cs}/u.test(value) ? value : undefined)
export const flag: Fit = (value) => (typeof value === 'boolean' ? value : undefined)
export const number: Fit = (value) => (typeof value === 'number' ? value : undefined)
export const anything: Fit = (value) => value

/** What does not fit is left out of it. */
export function listOf(admit: Fit): Fit {
  return (value) => (Array.isArray(value) ? value.map(admit).filter((item) => item !== undefined) : undefined)
}

/** Labels and the like. */
export function mapOf(admit: Fit): Fit {
  return (value) => {
    if (!isObject(value)) return undefined
    for (const [key, item] of Object.entries(value)) put(value, key, admit(item))
    return value
  }
}

/** Fields that are not named stay as they are: nobody reads them. One that lacks a needed field is none. */
export function object(fields: Readonly<Record<string, Fit>>, ...needed: readonly string[]): Fit {
  const entries = Object.entries(fields)
  return (value) => {
    if (!isObject(value)) return undefined
    for (const [key, admit] of entries) if (Object.hasOwn(value, key)) put(value, key, admit(value[key]))
    return needed.every((key) => Object.hasOwn(value, key)) ? value : undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function put(holder: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete holder[key]
  else if (holder[key] !== value) holder[key] = value
}
