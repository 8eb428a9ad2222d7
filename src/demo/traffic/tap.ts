import type { SeededRandom } from '../random/seeded-random.ts'

export const tappedEtherTypes = { ipv4: 0x0800, arp: 0x0806 } as const

/** Packet as the pod's network stack sees it, without a link-layer header. */
export interface TappedPacket {
  /** Milliseconds since the start of the cycle, before it is scaled to the wanted rate. */
  atMs: number
  readonly etherType: number
  readonly bytes: Buffer
  readonly isOutgoing: boolean
  readonly isBroadcast: boolean
  readonly isLoopback: boolean
}

/** Destination of the conversations' packets. */
export interface Tap {
  readonly random: SeededRandom
  readonly packets: TappedPacket[]
}

export interface Host {
  readonly address: number
  /** TTL as seen from the pod: 64 for itself, less for hosts behind routers. */
  readonly ttl: number
}

export interface Endpoint extends Host {
  readonly port: number
}

/** Two ends; `self` is the captured pod. */
export interface Ends {
  readonly client: Endpoint
  readonly server: Endpoint
  readonly self: 'client' | 'server'
  readonly isLoopback?: boolean
}
