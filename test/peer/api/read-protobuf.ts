/** Magic number before protobuf in Kubernetes: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const magic = Buffer.from('k8s\0')
const lengthDelimited = 2

type Fields = ReadonlyMap<number, Buffer>

/** The object inside, as its length-delimited fields by number; undefined: no Kubernetes protobuf. */
export function readProtobufObject(body: Buffer): Fields | undefined {
  if (!body.subarray(0, magic.length).equals(magic)) return undefined
  // runtime.Unknown: 1 is the type, 2 the object.
  const raw = readFields(body.subarray(magic.length)).get(2)
  return raw === undefined ? undefined : readFields(raw)
}

/** Strings and messages of a protobuf message; numbers are passed over. https://protobuf.dev/programming-guides/encoding/ */
export function readFields(message: Buffer): Fields {
  const fields = new Map<number, Buffer>()
  let at = 0
  const readVarint = (): number => {
    let value = 0
    let shift = 0
    for (;;) {
      const byte = message[at++]
      if (byte === undefined) throw new TypeError('unexpected EOF')
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
      shift += 7
    }
  }
  while (at < message.length) {
    const tag = readVarint()
    const wireType = tag & 7
    const value = readVarint()
    if (wireType === 0) continue
    if (wireType !== lengthDelimited) throw new TypeError(`unexpected wire type ${wireType}`)
    fields.set(tag >>> 3, message.subarray(at, at + value))
    at += value
  }
  return fields
}
