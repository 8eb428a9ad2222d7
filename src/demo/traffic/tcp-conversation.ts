import { ipv4HeaderLength, makeIpv4Packet, protocolNumbers, transportChecksum } from './ipv4.ts'
import { type Ends, type Tap, tappedEtherTypes } from './tap.ts'

/** TCP flags. https://www.rfc-editor.org/rfc/rfc9293, with options of RFC 7323 (window scale, timestamps) and RFC 2018 (SACK). */
const flagBits = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const
/** Maximum segment size; the MTU of an overlay network is 1450. */
const maxSegmentSize = 1410
const timestampLength = 12
const windowScale = 7

export type Side = 'client' | 'server'

interface SideState {
  /** Next sequence number to send. */
  next: number
  /** Next sequence number expected from the other side. */
  expected: number
  identification: number
  readonly timestampBase: number
  /** Window as in the header, after scaling. */
  window: number
}

export interface TcpConversation {
  /** Returns the time of the next packet, in milliseconds since the cycle's start. */
  now(): number
  wait(ms: number): void
  handshake(): void
  /** Sends data in as many segments as it needs. The other side acknowledges at once unless `acknowledge` is false. */
  send(from: Side, data: Buffer, options?: { readonly acknowledge?: boolean }): void
  acknowledge(from: Side): void
  /** Sends data that appears lost: it is retransmitted after the timeout, then acknowledged. */
  sendTwice(from: Side, data: Buffer): void
  setWindow(side: Side, bytes: number): void
  /** Sends a SYN, answered with RST. */
  refused(): void
  close(first: Side): void
}

export function openTcp(tap: Tap, ends: Ends, startMs: number, roundTripMs: number): TcpConversation {
  const { random } = tap
  let clockMs = startMs
  let lastFrom: Side | undefined
  const lastTimestamp = { client: 0, server: 0 }
  const makeSide = (): SideState => ({
    next: random.uint32(),
    expected: 0,
    identification: random.integer(0x10000),
    timestampBase: random.uint32() >>> 1,
    window: 502,
  })
  const sides = { client: makeSide(), server: makeSide() }
  const other = (side: Side): Side => (side === 'client' ? 'server' : 'client')

  const emit = (
    from: Side,
    flags: number,
    data: Buffer,
    extra: { sequence?: number; optionWords?: Buffer; window?: number } = {},
  ) => {
    if (lastFrom !== undefined) clockMs += lastFrom === from ? 0.012 : roundTripMs / 2
    lastFrom = from
    const side = sides[from]
    const timestamp = (side.timestampBase + Math.floor(clockMs)) >>> 0
    lastTimestamp[from] = timestamp
    const options = extra.optionWords ?? formatTimestamps(timestamp, lastTimestamp[other(from)])
    const source = ends[from]
    const destination = ends[other(from)]
    const headerLength = 20 + options.length
    const hasIdentification = (flags & flagBits.rst) === 0
    const packet = makeIpv4Packet(
      {
        protocol: protocolNumbers.tcp,
        source: source.address,
        destination: destination.address,
        identification: hasIdentification ? side.identification++ : 0,
        ttl: source.ttl,
      },
      headerLength + data.length,
    )
    const at = ipv4HeaderLength
    packet.writeUInt16BE(source.port, at)
    packet.writeUInt16BE(destination.port, at + 2)
    packet.writeUInt32BE(extra.sequence ?? side.next, at + 4)
    packet.writeUInt32BE(flags & flagBits.ack ? side.expected : 0, at + 8)
    packet[at + 12] = (headerLength / 4) << 4
    packet[at + 13] = flags
    packet.writeUInt16BE(extra.window ?? side.window, at + 14)
    packet.writeUInt32BE(0, at + 16) // checksum, urgent pointer
    packet.set(options, at + 20)
    packet.set(data, at + headerLength)
    packet.writeUInt16BE(transportChecksum(packet), at + 16)
    tap.packets.push({
      atMs: clockMs,
      etherType: tappedEtherTypes.ipv4,
      bytes: packet,
      isOutgoing: from === ends.self,
      isBroadcast: false,
      isLoopback: ends.isLoopback ?? false,
    })
  }

  const noData = Buffer.alloc(0)
  const segmentSize = ends.isLoopback ? 32_768 : maxSegmentSize - timestampLength
  const emitData = (from: Side, data: Buffer) => {
    for (let start = 0; start < data.length; start += segmentSize) {
      const segment = data.subarray(start, start + segmentSize)
      const isLast = start + segmentSize >= data.length
      emit(from, flagBits.ack | (isLast ? flagBits.psh : 0), segment)
      sides[from].next = (sides[from].next + segment.length) >>> 0
    }
  }
  const receiveAll = (by: Side) => {
    sides[by].expected = sides[other(by)].next
  }
  const acknowledge = (from: Side) => {
    receiveAll(from)
    emit(from, flagBits.ack, noData)
  }

  return {
    now: () => clockMs,
    wait(ms) {
      clockMs += ms
    },
    handshake() {
      const client = sides.client
      const server = sides.server
      emit('client', flagBits.syn, noData, {
        optionWords: formatSynOptions(client.timestampBase + Math.floor(clockMs), 0),
        window: 64_860,
      })
      client.next = (client.next + 1) >>> 0
      lastTimestamp.client = (client.timestampBase + Math.floor(clockMs)) >>> 0
      receiveAll('server')
      emit('server', flagBits.syn | flagBits.ack, noData, {
        optionWords: formatSynOptions(server.timestampBase + Math.floor(clockMs), lastTimestamp.client),
        window: 64_308,
      })
      server.next = (server.next + 1) >>> 0
      acknowledge('client')
    },
    send(from, data, { acknowledge: isAcknowledged = true } = {}) {
      emitData(from, data)
      receiveAll(other(from))
      if (isAcknowledged) acknowledge(other(from))
    },
    acknowledge,
    sendTwice(from, data) {
      const sequence = sides[from].next
      emitData(from, data)
      clockMs += 204
      emit(from, flagBits.ack | flagBits.psh, data.subarray(0, segmentSize), { sequence })
      acknowledge(other(from))
    },
    setWindow(side, bytes) {
      sides[side].window = bytes >> windowScale
    },
    refused() {
      const client = sides.client
      emit('client', flagBits.syn, noData, {
        optionWords: formatSynOptions(client.timestampBase + Math.floor(clockMs), 0),
        window: 64_860,
      })
      client.next = (client.next + 1) >>> 0
      receiveAll('server')
      emit('server', flagBits.rst | flagBits.ack, noData, { sequence: 0, optionWords: noData, window: 0 })
    },
    close(first) {
      const second = other(first)
      emit(first, flagBits.fin | flagBits.ack, noData)
      sides[first].next = (sides[first].next + 1) >>> 0
      receiveAll(second)
      emit(second, flagBits.fin | flagBits.ack, noData)
      sides[second].next = (sides[second].next + 1) >>> 0
      acknowledge(first)
    },
  }
}

function formatTimestamps(value: number, echo: number): Buffer {
  const options = Buffer.allocUnsafe(timestampLength)
  options.writeUInt32BE(0x0101080a, 0)
  options.writeUInt32BE(value >>> 0, 4)
  options.writeUInt32BE(echo >>> 0, 8)
  return options
}

/** Returns the options of a SYN in Linux's order: MSS, SACK permitted, timestamps, no-operation, window scale. */
function formatSynOptions(value: number, echo: number): Buffer {
  const options = Buffer.allocUnsafe(20)
  options.writeUInt16BE(0x0204, 0)
  options.writeUInt16BE(maxSegmentSize, 2)
  options.writeUInt32BE(0x0402080a, 4)
  options.writeUInt32BE(value >>> 0, 8)
  options.writeUInt32BE(echo >>> 0, 12)
  options.writeUInt32BE(0x01030300 | windowScale, 16)
  return options
}
