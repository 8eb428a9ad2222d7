/** Memory that batches keep. Several batches may share a buffer, which exists until the last of them is gone. */
export interface HeldBuffers {
  hold(bytes: Buffer): void
  release(bytes: Buffer): void
  readonly bytes: number
}

export function makeHeldBuffers(): HeldBuffers {
  const holders = new Map<ArrayBufferLike, number>()
  let heldBytes = 0
  return {
    hold({ buffer }) {
      const count = holders.get(buffer) ?? 0
      if (count === 0) heldBytes += buffer.byteLength
      holders.set(buffer, count + 1)
    },
    release({ buffer }) {
      const count = holders.get(buffer) ?? 0
      if (count > 1) holders.set(buffer, count - 1)
      else if (holders.delete(buffer)) heldBytes -= buffer.byteLength
    },
    get bytes() {
      return heldBytes
    },
  }
}
