import type { PacketStreamHeader } from '../base/packet.ts'
import { maxCapturedLength } from './pcap-layout.ts'

/** Packets of a stream that one header describes: they share link type, frame check sequence and origin. */
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

/** Makes the headers of a stream. A header changes only until the reader's caller can have seen it. */
export function makeHeaderKinds() {
  const kinds = new Map<string, MutableKind>()
  let push = 0
  return {
    /** Begins another push: the caller has seen the existing headers. */
    beginPush() {
      push += 1
    },
    /** Returns the kind of packets that a header describes. */
    find({ linkType, snapLength, fcsBits, origin }: PacketStreamHeader): HeaderKind {
      const key = `${linkType} ${fcsBits} ${origin === undefined ? '' : JSON.stringify(origin)}`
      const known = kinds.get(key)
      if (known !== undefined) return known
      const header = {
        linkType,
        snapLength,
        ...(fcsBits !== undefined && { fcsBits }),
        ...(origin !== undefined && { origin }),
      }
      const kind = { header, longest: snapLength, push }
      kinds.set(key, kind)
      return kind
    },
    /**
     * Raises the snap length for a longer packet, to the maximum, so that this happens once. Earlier packets keep a header that the caller may have
     * seen.
     */
    raise(kind: HeaderKind): void {
      const raised = kind as MutableKind
      if (raised.push === push) raised.header.snapLength = maxCapturedLength
      else raised.header = { ...raised.header, snapLength: maxCapturedLength }
      raised.longest = Number.POSITIVE_INFINITY
    },
  }
}
