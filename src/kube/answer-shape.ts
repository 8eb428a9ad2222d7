/** Returns a value reduced to the expected shape; undefined when it does not fit. May change the parsed JSON in place. */
export type Fit = (value: unknown) => unknown

/** Half a surrogate is no text that could be sent back. */
export const text: Fit = (value) => (typeof value === 'string' && !/\p{Cs}/u.test(value) ? value : undefined)
export const flag: Fit = (value) => (typeof value === 'boolean' ? value : undefined)

/** A name or an id: one that is longer is none. */
export function textUpTo(maxLength: number): Fit {
  return (value) => (typeof value === 'string' && value.length <= maxLength ? text(value) : undefined)
}

/** Words for people: their beginning does. */
export function beginningOf(maxLength: number): Fit {
  return (value) => (typeof value === 'string' ? text(value.slice(0, maxLength)) : undefined)
}

export function integer(least: number, most: number): Fit {
  return (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? value : undefined
}

/** Admits an array without the elements that don't fit, cut after `maxLength`. */
export function listOf(admit: Fit, maxLength = Number.POSITIVE_INFINITY): Fit {
  return (value) => {
    if (!Array.isArray(value)) return undefined
    const read = value.length > maxLength ? value.slice(0, maxLength) : value
    return read.map(admit).filter((item) => item !== undefined)
  }
}

/** Labels and the like: a map with more entries is none. */
export function mapOf(admit: Fit, maxEntries: number): Fit {
  return (value) => {
    const entries = isObject(value) ? Object.entries(value) : undefined
    if (entries === undefined || entries.length > maxEntries) return undefined
    return Object.fromEntries(entries.map(([key, item]) => [key, admit(item)]).filter(([, item]) => item !== undefined))
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

/** A new object of the named fields alone: what is kept of an answer is no longer than what is read of it. */
export function only(fields: Readonly<Record<string, Fit>>, ...needed: readonly string[]): Fit {
  const entries = Object.entries(fields)
  return (value) => {
    if (!isObject(value)) return undefined
    const kept: Record<string, unknown> = {}
    for (const [key, admit] of entries) {
      const field = Object.hasOwn(value, key) ? admit(value[key]) : undefined
      if (field !== undefined) kept[key] = field
    }
    return needed.every((key) => Object.hasOwn(kept, key)) ? kept : undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function put(holder: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete holder[key]
  else if (holder[key] !== value) holder[key] = value
}
