/** Maximum size of an object. etcd takes objects of 1.5 MiB (https://etcd.io/docs/v3.6/dev-guide/limit/); as JSON they may be twice as long. */
const maxObjectBytes = 3 * 1024 * 1024
/**
 * Maximum number of values in an object; a pod of 20 kB has a thousand. Each value costs up to a hundred times its length in memory, so a limit on
 * bytes is not enough.
 */
const maxObjectValues = 50_000
const maxDepth = 100
const listStart = /"(items|rows)"\s*:\s*\[$/
const firstCapacity = 16 * 1024
/** State of an answer that is not JSON, such as a page of HTML. */
export const noJson = 'its answer is no JSON object'

/** Returns the error to throw for an invalid answer. */
export type RefuseAnswer = (state: string, cause?: unknown) => Error

export interface JsonSplitter {
  /** Takes the next bytes; returns the list objects that they complete. */
  push(chunk: Buffer): unknown[]
  /** Returns the fields of the outer object before its first list. */
  head(): unknown
  /** Returns the outer object with empty lists. */
  end(): unknown
}

/**
 * Makes a splitter that returns objects as their bytes arrive. An answer then takes no more memory than its largest object, however many it has.
 * `lists` takes the objects out of the arrays `items` and `rows` of the outer object, and skips other values there. `lines` expects objects in a row,
 * without an outer one. `object` leaves the outer object as it is.
 * @throws {Error} made by `refuse` — when the text is not JSON, or an object is too large
 */
export function makeJsonSplitter(shape: 'object' | 'lists' | 'lines', refuse: RefuseAnswer): JsonSplitter {
  const outer = makePiece(refuse)
  const inner = makePiece(refuse)
  /** Depth at which objects are taken out; undefined outside lists. */
  let objectDepth = shape === 'lines' ? 0 : undefined
  /** The outer object up to its first list. */
  let headText = '{}'
  let isInObject = false
  let depth = 0
  let isInString = false
  let isEscaped = false

  function push(chunk: Buffer): unknown[] {
    const objects: unknown[] = []
    /** Position in the chunk of the first byte that is not kept yet. */
    let from = 0
    let piece = objectDepth === undefined ? outer : inner
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (isInString) {
        if (isEscaped) isEscaped = false
        else if (byte === 0x5c) isEscaped = true
        else if (byte === 0x22) isInString = false
        continue
      }
      switch (byte) {
        case 0x22: // "
          isInString = true
          break
        case 0x2c: // ,
        case 0x3a: // :
          piece.countValue()
          break
        case 0x7b: // {
        case 0x5b: // [
          piece.countValue()
          if (depth === objectDepth && byte === 0x7b) {
            isInObject = true
            from = at
          } else if (depth === 1 && byte === 0x5b && shape === 'lists') {
            outer.append(chunk, from, at + 1)
            from = at + 1
            if (listStart.test(outer.tail())) {
              if (headText === '{}') headText = `${outer.text()}]}`
              objectDepth = 2
              piece = inner
            }
          }
          if (++depth > maxDepth) throw refuse(`its answer is nested more than ${maxDepth} deep`)
          break
        case 0x7d: // }
        case 0x5d: // ]
          if (--depth < 0) throw refuse(noJson)
          if (depth === objectDepth && isInObject) {
            objects.push(inner.parse(chunk, from, at + 1))
            isInObject = false
          } else if (objectDepth === 2 && depth === 1) {
            from = at
            objectDepth = undefined
            piece = outer
          }
          if (depth === objectDepth) inner.clear()
          break
        default:
          if (shape === 'lines' && depth === 0 && (byte as number) > 0x20) throw refuse(noJson)
      }
    }
    if (objectDepth === undefined) outer.append(chunk, from, chunk.length)
    else if (isInObject) inner.append(chunk, from, chunk.length)
    return objects
  }

  return {
    push,
    head: () => parseJson(headText, refuse),
    end: () => parseJson(outer.text(), refuse),
  }
}

/** Collects the bytes of one object that spans chunks. */
function makePiece(refuse: RefuseAnswer) {
  // A copy, because a few bytes of a chunk would keep the whole chunk in memory.
  let bytes = Buffer.alloc(0)
  let length = 0
  let values = 0

  function append(chunk: Buffer, from: number, to: number): void {
    const needed = length + to - from
    if (needed > maxObjectBytes) throw refuse(`an object of its answer has more than ${maxObjectBytes} bytes`)
    if (needed > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, bytes.length * 2, firstCapacity))
      bytes.copy(larger, 0, 0, length)
      bytes = larger
    }
    length += chunk.copy(bytes, length, from, to)
  }

  return {
    append,
    countValue(): void {
      if (++values > maxObjectValues) throw refuse(`an object of its answer has more than ${maxObjectValues} values`)
    },
    /** Parses the collected bytes and the rest in `chunk`. */
    parse(chunk: Buffer, from: number, to: number): unknown {
      if (length === 0 && to - from <= maxObjectBytes) return parseJson(chunk.toString('utf8', from, to), refuse)
      append(chunk, from, to)
      return parseJson(bytes.toString('utf8', 0, length), refuse)
    },
    text: () => bytes.toString('utf8', 0, length),
    /** Returns enough of the end to see under which key a list begins. */
    tail: () => bytes.toString('latin1', Math.max(0, length - 40), length),
    clear(): void {
      length = 0
      values = 0
    },
  }
}

function parseJson(text: string, refuse: RefuseAnswer): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw refuse(noJson, error)
  }
}
