/** Packet as a capture filter sees it. */
export interface Packet {
  /** Bytes from the link-layer header on. */
  readonly frame: Uint8Array
  /** Length on the wire, in bytes. */
  readonly length: number
  /** Direction and interface that the kernel reports with the bytes; undefined in a file. */
  readonly isOutgoing?: boolean | undefined
  readonly interfaceIndex?: number | undefined
}

/** Position in a packet's frame; infinite if the bytes that lead there are missing. */
export type Offset = (packet: Packet) => number

export function at(position: number): Offset {
  return () => position
}

export function after(offset: Offset, bytes: number): Offset {
  return bytes === 0 ? offset : (packet) => offset(packet) + bytes
}

/** Returns the big-endian number at a position; undefined beyond the packet's end. */
export function readNumber({ frame }: Packet, position: number, size: number): number | undefined {
  if (position < 0 || position + size > frame.length) return undefined
  let value = 0
  for (let i = position; i < position + size; i++) value = value * 256 + (frame[i] ?? 0)
  return value
}

/** Returns the packet with other bytes at a position; the same packet beyond its end. */
export function withBytes(packet: Packet, position: number, bytes: readonly number[]): Packet {
  if (position < 0 || position + bytes.length > packet.frame.length) return packet
  const frame = packet.frame.slice()
  frame.set(bytes, position)
  return { ...packet, frame }
}

/** Returns the big-endian bytes of a number. */
export function toBytes(value: number, size: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).slice(4 - size)
}
