import type { SeededRandom } from '../random/seeded-random.ts'

export const etherTypes = { ipv4: 0x0800, arp: 0x0806 } as const

/** A packet as the pod's network stack sees it, still without a link-layer header. */
export interface TappedPacket {
  /** Since the start of the cycle, before it is fitted to the wanted rate. */
  atMs: number
  readonly etherType: number
  readonly bytes: Buffer
  readonly isOutgoing: boolean
  readonly isBroadcast: boolean
  readonly isLoopback: boolean
}

/** Where conversations put their packets. */
export interface Tap {
  readonly random: SeededRandom
  readonly packets: TappedPacket[]
}

export interface Host {
  readonly address: number
  /** Seen from the pod: 64 for itself, less for those behind routers. */
  readonly ttl: number
}

export interface Endpoint extends Host {
  readonly port: number
}

/** Two ends, of which `self` is the pod that is captured. */
export interface Ends {
  readonly client: Endpoint
  readonly server: Endpoint
  readonly self: 'client' | 'server'
  readonly isLoopback?: boolean
}
