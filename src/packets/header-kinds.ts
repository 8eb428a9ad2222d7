import type { PacketStreamHeader } from '../base/packet.ts'
import { maxCapturedLength } from './pcap-layout.ts'

/** Packets of a stream that one header describes: those of the same link type and frame check sequence. */
export interface HeaderKind {
  /** Header of the packets that come next. */
  readonly header: PacketStreamHeader
  /** Length of the longest packet that the header allows. */
  readonly longest: number
}

interface MutableKind extends HeaderKind {
  header: { -readonly [Key in keyof PacketStreamHeader]: PacketStreamHeader[Key] }
  longest: number
  /** Push in which the header was made. */
  readonly push: number
}

/** Headers of a stream, which are changed only until the reader's caller can have seen them. */
export function makeHeaderKinds() {
  const kinds = new Map<string, MutableKind>()
  let push = 0
  return {
    /** Begins another push: its caller has seen the headers that there are. */
    beginPush() {
      push += 1
    },
    /** Returns the kind of packets that a header describes. */
    find({ linkType, snapLength, fcsBits }: PacketStreamHeader): HeaderKind {
      const key = `${linkType} ${fcsBits}`
      const known = kinds.get(key)
      if (known !== undefined) return known
      const header = fcsBits === undefined ? { linkType, snapLength } : { linkType, snapLength, fcsBits }
      const kind = { header, longest: snapLength, push }
      kinds.set(key, kind)
      return kind
    },
    /**
     * Raises the snap length for a packet that is longer. Its new value is the longest packet there is, so that this happens once. The packets
     * before it keep a header that was seen.
     */
    raise(kind: HeaderKind): void {
      const raised = kind as MutableKind
      if (raised.push === push) raised.header.snapLength = maxCapturedLength
      else raised.header = { ...raised.header, snapLength: maxCapturedLength }
      raised.longest = Number.POSITIVE_INFINITY
    },
  }
}
