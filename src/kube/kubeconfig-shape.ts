/** Position of a value of the wrong type, and what is wrong with it. */
export interface Misfit {
  readonly keys: readonly string[]
  readonly state: string
}

/** Finds the first part of a value that is of the wrong type. */
export type Shape = (value: unknown) => Misfit | undefined

export const textShape: Shape = (value) => (typeof value === 'string' ? undefined : misfit('is not a text'))
export const flagShape: Shape = (value) =>
  typeof value === 'boolean' ? undefined : misfit('is neither true nor false')

export function listShape(item: Shape): Shape {
  return (value) => (Array.isArray(value) ? firstOf(value.entries(), () => item) : misfit('is not a list'))
}

export function mapShape(item: Shape): Shape {
  return (value) => (isObject(value) ? firstOf(Object.entries(value), () => item) : misfit('is not a map'))
}

/** Checks the given fields; others may hold anything. */
export function objectShape(fields: Readonly<Record<string, Shape>>): Shape {
  const shapes = new Map(Object.entries(fields))
  return (value) =>
    isObject(value) ? firstOf(Object.entries(value), (key) => shapes.get(key)) : misfit('is not a map')
}

function firstOf<Key extends string | number>(
  entries: Iterable<[Key, unknown]>,
  shapeOf: (key: Key) => Shape | undefined,
): Misfit | undefined {
  for (const [key, value] of entries) {
    const found = shapeOf(key)?.(value)
    if (found !== undefined) return { ...found, keys: [String(key), ...found.keys] }
  }
  return undefined
}

function misfit(state: string): Misfit {
  return { keys: [], state }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
