import { type PacketBatch, packetRow } from '../../base/packet.ts'
import type { Packet } from '../../filter/packet.ts'
import { makeSeededRandom } from '../random/seeded-random.ts'
import type { InterfaceName } from './link-layer.ts'
import { interfaceIndexes, makeFraming } from './link-layer.ts'
import type { Scene } from './scene.ts'
import type { TappedPacket } from './tap.ts'
import { makeTrafficCycle } from './traffic-cycle.ts'

export interface FeedSettings {
  readonly scene: Scene
  readonly seed: string
  /** Packet rate. 0 means no packets at all, Infinity as many as requested. */
  readonly packetsPerSecond: number
  readonly interfaceName: InterfaceName
  readonly snapLength: number
  readonly matches: (packet: Packet) => boolean
  /** Number of packets that wait for a slow reader before the kernel drops any. */
  readonly kernelBufferPackets: number
  /** Start time, in milliseconds since the epoch. */
  readonly startMs: number
}

export interface PacketFeed {
  readonly linkType: number
  /** Returns matching packets that are due by now; undefined if there are none. */
  take(maxPackets: number): PacketBatch | undefined
  /** Returns the time until the next packet is due, matching or not. */
  dueInMs(): number
  dropped(): number
}

/** Rate for the timestamps of packets that do not follow the clock. */
const unboundPacketsPerSecond = 1_000_000
const averagePacketLength = 512
/** Rate above which nobody looks at single packets; the first rounds then repeat. */
const freshPacketsPerSecond = 20_000
const keptRounds = 64

/** Returns a pod's traffic, generated when it is due. It follows the real clock; its content depends on the seed alone. */
export function makePacketFeed(settings: FeedSettings): PacketFeed {
  const { scene, packetsPerSecond, snapLength } = settings
  const isUnbound = packetsPerSecond === Number.POSITIVE_INFINITY
  const rate = isUnbound ? unboundPacketsPerSecond : packetsPerSecond
  const random = makeSeededRandom(settings.seed)
  const link = makeFraming(settings.interfaceName, scene)
  const epochMs = settings.startMs
  const startedAt = performance.now()
  const nowMs = () => performance.now() - startedAt
  const lagLimitMs = (settings.kernelBufferPackets / rate) * 1000

  let cycle: { packets: TappedPacket[]; lengthMs: number } = { packets: [], lengthMs: 0 }
  let cycleStartMs = 0
  let next = 0
  let dropped = 0
  const kept: (typeof cycle)[] = []
  let rounds = 0

  const peek = (): TappedPacket | undefined => {
    if (rate <= 0) return undefined
    if (next >= cycle.packets.length) {
      cycleStartMs += cycle.lengthMs
      cycle = nextCycle()
      next = 0
    }
    return cycle.packets[next]
  }
  const nextCycle = () => {
    const round = rounds++ % keptRounds
    if (rate <= freshPacketsPerSecond) return makeTrafficCycle(scene, random, rate)
    kept[round] ??= makeTrafficCycle(scene, random, rate)
    return kept[round]
  }
  const dueMs = (packet: TappedPacket) => cycleStartMs + packet.atMs
  const catchUp = (packet: TappedPacket) => {
    const lagMs = nowMs() - dueMs(packet)
    if (isUnbound) cycleStartMs += Math.max(0, lagMs)
    else if (lagMs > lagLimitMs) {
      cycleStartMs += lagMs
      dropped += Math.floor((lagMs / 1000) * rate)
    }
  }

  return {
    linkType: link.linkType,
    dropped: () => dropped,
    dueInMs() {
      const packet = peek()
      if (packet === undefined) return Number.POSITIVE_INFINITY
      return isUnbound ? 0 : Math.max(0, dueMs(packet) - nowMs())
    },
    take(maxPackets) {
      const first = peek()
      if (first === undefined) return undefined
      catchUp(first)
      const batch = makeBatchWriter(maxPackets)
      const untilMs = isUnbound ? Number.POSITIVE_INFINITY : nowMs()
      for (
        let packet: TappedPacket | undefined = first;
        packet !== undefined && dueMs(packet) <= untilMs && !batch.isFull();
        packet = peek()
      ) {
        next++
        if (!link.carries(packet)) continue
        const length = link.headerLength + packet.bytes.length
        const frame = batch.reserve(length)
        link.write(frame, 0, packet)
        frame.set(packet.bytes, link.headerLength)
        // The kernel shows a packet on the loopback when it has come back.
        const isOutgoing = packet.isOutgoing && !packet.isLoopback
        const interfaceIndex = packet.isLoopback ? interfaceIndexes.lo : interfaceIndexes.eth0
        if (!settings.matches({ frame, length, isOutgoing, interfaceIndex })) continue
        batch.add(length, Math.min(length, snapLength), epochMs + dueMs(packet))
      }
      return batch.finish()
    },
  }
}

interface BatchWriter {
  isFull(): boolean
  /** Returns where the next packet's bytes go. */
  reserve(length: number): Buffer
  /** Adds the packet that was written there. */
  add(length: number, capturedLength: number, timeMs: number): void
  finish(): PacketBatch | undefined
}

const longestPacket = 33_000

function makeBatchWriter(maxPackets: number): BatchWriter {
  const bytes = Buffer.allocUnsafe(maxPackets * averagePacketLength + longestPacket)
  const rows = new Uint32Array(maxPackets * packetRow.length)
  let count = 0
  let end = 0
  let capturedBytes = 0
  return {
    isFull: () => count >= maxPackets || end + longestPacket > bytes.length,
    reserve: (length) => bytes.subarray(end, end + length),
    add(length, capturedLength, timeMs) {
      const second = Math.floor(timeMs / 1000)
      const row = count * packetRow.length
      rows[row + packetRow.seconds] = second
      rows[row + packetRow.nanoseconds] = Math.floor((timeMs - second * 1000) * 1e6)
      rows[row + packetRow.offset] = end
      rows[row + packetRow.capturedLength] = capturedLength
      rows[row + packetRow.originalLength] = length
      count++
      end += length
      capturedBytes += capturedLength
    },
    finish: () => (count === 0 ? undefined : { bytes, count, rows, capturedBytes }),
  }
}
