import { serviceAddresses } from '../cluster/demo-apps.ts'
import type { SeededRandom } from '../random/seeded-random.ts'
import {
  browseOrders,
  failingRequest,
  placeOrder,
  proxiedRequest,
  refusedConnection,
  retransmittedRequest,
  slowReport,
  stalledDownload,
} from './http-conversations.ts'
import {
  lookUpService,
  lookUpThroughSearchList,
  resolveGateway,
  sqlSession,
  tls12Resumption,
  tls13Exchange,
  tlsRefusal,
  unansweredMetrics,
} from './other-conversations.ts'
import type { Scene } from './scene.ts'
import type { Tap, TappedPacket } from './tap.ts'

type Conversation = (tap: Tap, scene: Scene) => void

/**
 * One round of a pod's life: ordinary traffic, and each fault worth finding exactly once. Long conversations come first, so that they end before the
 * round does.
 */
const conversations: readonly Conversation[] = [
  (tap, scene) => lookUpService(tap, scene, 'orders', serviceAddresses.orders),
  (tap, scene) => browseOrders(tap, scene, 3),
  slowReport,
  tls13Exchange,
  (tap, scene) => failingRequest(tap, scene, 404),
  resolveGateway,
  stalledDownload,
  lookUpThroughSearchList,
  placeOrder,
  (tap, scene) => (scene.hasProxy ? proxiedRequest(tap, scene) : browseOrders(tap, scene, 1)),
  retransmittedRequest,
  refusedConnection,
  (tap, scene) => browseOrders(tap, scene, 2),
  tls12Resumption,
  (tap, scene) => lookUpService(tap, scene, 'db', serviceAddresses.db),
  sqlSession,
  (tap, scene) => failingRequest(tap, scene, 500),
  unansweredMetrics,
  tlsRefusal,
  (tap, scene) => browseOrders(tap, scene, 2),
]

/** Rate at which the longest pause inside a conversation still fits into the rest of the round. */
const unhurriedPacketsPerSecond = 50

/** Returns all packets of one round in time order, at `packetsPerSecond` on average. `atMs` counts from the start of the round. */
export function makeTrafficCycle(
  scene: Scene,
  random: SeededRandom,
  packetsPerSecond: number,
): { packets: TappedPacket[]; lengthMs: number } {
  const rounds = conversations.map((converse) => {
    const tap: Tap = { random, packets: [] }
    converse(tap, scene)
    return tap.packets
  })
  const packets = rounds.flat()
  const lengthMs = (packets.length / packetsPerSecond) * 1000
  const hurry = Math.min(1, unhurriedPacketsPerSecond / packetsPerSecond)
  for (const [i, round] of rounds.entries()) {
    const startMs = (i / rounds.length) * lengthMs
    for (const packet of round) packet.atMs = startMs + packet.atMs * hurry
  }
  packets.sort((a, b) => a.atMs - b.atMs)
  return { packets, lengthMs }
}
