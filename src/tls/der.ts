/** Tags of ASN.1 values in the distinguished encoding (DER) of certificates. https://www.itu.int/rec/T-REC-X.690 */
const tags = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, identifier: 0x06, text: 0x0c }
const constructed = { sequence: 0x30, set: 0x31, explicit: 0xa0 }
const implicit = 0x80
const utcTime = 0x17

/** Encodes one value: its tag, the length of its content, and the content. */
function encode(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length]
  return Buffer.concat([Uint8Array.from(header), content])
}

export const sequence = (...items: readonly Buffer[]): Buffer => encode(constructed.sequence, Buffer.concat(items))

export const set = (...items: readonly Buffer[]): Buffer => encode(constructed.set, Buffer.concat(items))

export const derTrue = (): Buffer => encode(tags.boolean, Buffer.of(0xff))

/** Encodes the bytes of a positive integer; the first byte is 1 to 127. */
export const derInteger = (bytes: Uint8Array): Buffer => encode(tags.integer, bytes)

/** Encodes a bit string; the last `unusedBits` bits do not count. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  encode(tags.bitString, Buffer.concat([Buffer.of(unusedBits), bytes]))

export const octetString = (bytes: Uint8Array): Buffer => encode(tags.octetString, bytes)

export const derText = (words: string): Buffer => encode(tags.text, Buffer.from(words))

/** Encodes a time before 2050, in whole seconds. */
export const time = (timeMs: number): Buffer =>
  encode(utcTime, Buffer.from(`${new Date(timeMs).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))

/** Encodes `[number] EXPLICIT` of a type. */
export const explicit = (number: number, item: Buffer): Buffer => encode(constructed.explicit + number, item)

/** Encodes `[number] IMPLICIT` of a string type. */
export const tagged = (number: number, bytes: Uint8Array): Buffer => encode(implicit + number, bytes)

/** Encodes an object identifier: `2.5.29.19`. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const base128 = (value: number): number[] => {
    const bytes = [value & 0x7f]
    for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift(0x80 | (left & 0x7f))
    return bytes
  }
  return encode(tags.identifier, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]))
}
