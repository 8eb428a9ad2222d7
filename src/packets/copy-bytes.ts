/** Below this a loop is faster than the view that a native copy needs. */
const loopLength = 48

/** Gives a function that copies `length` bytes from one buffer to the other. */
export function makeCopier(from: Buffer, to: Buffer): (fromOffset: number, toOffset: number, length: number) => void {
  // Asking a Buffer for these costs more than copying a short packet.
  const { buffer, byteOffset } = from
  return (fromOffset, toOffset, length) => {
    if (length > loopLength) to.set(new Uint8Array(buffer, byteOffset + fromOffset, length), toOffset)
    else for (let i = 0; i < length; i++) to[toOffset + i] = from[fromOffset + i] as number
  }
}
