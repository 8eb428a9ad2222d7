/** Returns a value reduced to the expected shape; undefined when it does not fit. May change the parsed JSON in place. */
export type Fit = (value: unknown) => unknown

/** Admits text without half surrogates, which could not be sent back. */
export const text: Fit = (value) => (typeof value === 'string' && !/\p{Cs}/u.test(value) ? value : undefined)
export const flag: Fit = (value) => (typeof value === 'boolean' ? value : undefined)

/** Admits a name or an id; a longer one counts as missing. */
export function textUpTo(maxLength: number): Fit {
  return (value) => (typeof value === 'string' && value.length <= maxLength ? text(value) : undefined)
}

/** Admits text for people, cut to its beginning. */
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

/** Admits labels and similar maps; a map with more entries counts as missing. */
export function mapOf(admit: Fit, maxEntries: number): Fit {
  return (value) => {
    const entries = isObject(value) ? Object.entries(value) : undefined
    if (entries === undefined || entries.length > maxEntries) return undefined
    return Object.fromEntries(entries.map(([key, item]) => [key, admit(item)]).filter(([, item]) => item !== undefined))
  }
}

/** Admits an object in place. Other fields stay as they are, because nobody reads them. An object without a needed field counts as missing. */
export function object(fields: Readonly<Record<string, Fit>>, ...needed: readonly string[]): Fit {
  const entries = Object.entries(fields)
  return (value) => {
    if (!isObject(value)) return undefined
    for (const [key, admit] of entries) if (Object.hasOwn(value, key)) put(value, key, admit(value[key]))
    return needed.every((key) => Object.hasOwn(value, key)) ? value : undefined
  }
}

/** Admits an object as a new one with only these fields, so that kcap keeps no more of an answer than it reads. */
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
