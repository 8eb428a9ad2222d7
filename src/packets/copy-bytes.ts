/** Length up to which copying words is faster than the view that a native copy needs; it also leaves no garbage. */
const wordsLength = 192

/**
 * Makes a copier that takes bytes from many buffers in turn. A copy needs the memory behind a buffer, and asking the buffer for it takes as long as
 * copying a packet. The copier therefore keeps the memory of each lane's last buffer.
 */
export function makeCopier(to: Buffer) {
  const lanes: Lane[] = []
  const toView = new DataView(to.buffer, to.byteOffset, to.length)
  let lane = makeLane(to)
  return {
    /** Selects the buffer that `copy` takes bytes from. Buffers of one source should share a lane; lanes are numbered from 0 on. */
    select(from: Buffer, laneNumber: number): void {
      const known = lanes[laneNumber]
      if (known?.from === from) lane = known
      else lanes[laneNumber] = lane = makeLane(from)
    },
    copy(offset: number, toOffset: number, length: number): void {
      const { from, memory, memoryOffset, view } = lane
      if (length > wordsLength) {
        to.set(new Uint8Array(memory, memoryOffset + offset, length), toOffset)
        return
      }
      const rest = length & 3
      const words = length - rest
      for (let i = 0; i < words; i += 4) toView.setUint32(toOffset + i, view.getUint32(offset + i))
      for (let i = words; i < length; i++) to[toOffset + i] = from[offset + i] as number
    },
  }
}

interface Lane {
  readonly from: Buffer
  readonly memory: ArrayBufferLike
  readonly memoryOffset: number
  readonly view: DataView
}

function makeLane(from: Buffer): Lane {
  const { buffer: memory, byteOffset: memoryOffset } = from
  return { from, memory, memoryOffset, view: new DataView(memory, memoryOffset, from.length) }
}

/**
 * Returns a longer buffer that begins with these bytes; the rest is not cleared. It has memory of its own: a slice of Node's pool would keep the pool's
 * slab, which has 64 KiB from Node 24 on, for as long as a packet in it is kept.
 */
export function growBytes(bytes: Buffer, length: number) {
  const grown = Buffer.allocUnsafeSlow(length)
  bytes.copy(grown)
  return grown
}
