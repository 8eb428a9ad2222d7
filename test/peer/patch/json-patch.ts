import { isDeepStrictEqual } from 'node:util'
import { isJsonFields, type JsonFields } from '../api/json-fields.ts'

/** The patch does not fit the document. */
export class JsonPatchError extends Error {}

interface Operation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

/** https://www.rfc-editor.org/rfc/rfc6902 */
export function applyJsonPatch(original: JsonFields, operations: readonly Operation[]): JsonFields {
  const root: JsonFields = { document: structuredClone(original) }
  for (const operation of operations) apply(root, operation)
  const { document } = root
  if (!isJsonFields(document)) throw new JsonPatchError('the document is gone')
  return document
}

function apply(root: JsonFields, { op, path, from = '', value }: Operation): void {
  const place = findPlace(root, path)
  if (op === 'add') place.insert(value)
  else if (op === 'remove') place.remove()
  else if (op === 'replace') {
    place.remove()
    place.insert(value)
  } else if (op === 'copy') place.insert(structuredClone(findPlace(root, from).read()))
  else if (op === 'move') {
    const source = findPlace(root, from)
    const moved = source.read()
    source.remove()
    findPlace(root, path).insert(moved)
  } else if (op === 'test') {
    if (!isDeepStrictEqual(place.read(), value)) throw new JsonPatchError(`testing value ${path} failed`)
  } else throw new JsonPatchError(`unexpected kind: ${op}`)
}

interface Place {
  read(): unknown
  insert(value: unknown): void
  remove(): void
}

/** https://www.rfc-editor.org/rfc/rfc6901 */
function findPlace(root: JsonFields, pointer: string): Place {
  const words = ['document', ...pointer.split('/').slice(1).map(unescapeWord)]
  const last = words.pop() as string
  const parent = words.reduce<unknown>((value, word) => (value as JsonFields | undefined)?.[word], root)
  if (Array.isArray(parent)) return placeInList(parent, last)
  if (isJsonFields(parent)) return placeInFields(parent, last)
  throw new JsonPatchError(`missing path: ${pointer}`)
}

function unescapeWord(word: string): string {
  return word.replaceAll('~1', '/').replaceAll('~0', '~')
}

function placeInList(list: unknown[], word: string): Place {
  const index = word === '-' ? list.length : Number(word)
  const check = (end: number) => {
    if (!(index >= 0 && index < end)) throw new JsonPatchError(`invalid index ${word}`)
  }
  return {
    read() {
      check(list.length)
      return list[index]
    },
    insert(value) {
      check(list.length + 1)
      list.splice(index, 0, value)
    },
    remove() {
      check(list.length)
      list.splice(index, 1)
    },
  }
}

function placeInFields(fields: JsonFields, name: string): Place {
  const check = () => {
    if (!(name in fields)) throw new JsonPatchError(`missing field ${name}`)
  }
  return {
    read() {
      check()
      return fields[name]
    },
    insert(value) {
      fields[name] = value
    },
    remove() {
      check()
      delete fields[name]
    },
  }
}
