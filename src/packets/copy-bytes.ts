/** Below this a loop is faster than the view that a native copy needs. */
const loopLength = 48

/** Copies `length` bytes from one buffer to the other. */
export function copyBytes(from: Buffer, fromOffset: number, to: Buffer, toOffset: number, length: number): void {
  if (length > loopLength) to.set(new Uint8Array(from.buffer, from.byteOffset + fromOffset, length), toOffset)
  else for (let i = 0; i < length; i++) to[toOffset + i] = from[fromOffset + i] as number
}
