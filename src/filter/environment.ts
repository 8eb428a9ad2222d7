import type { LayerKind } from './layers.ts'

/**
 * What libpcap knows where it compiles a filter. A filter that depends on an unknown part has no verdict: `{}` leaves open everything that differs
 * between interfaces, systems and versions.
 */
export interface FilterEnvironment {
  /** Link type of the interface; undefined when unknown, or when it is neither Ethernet nor Linux cooked v2. */
  readonly linkType?: Exclude<LayerKind, 'ppp'> | undefined
  /** Whether `inbound`, `outbound` and `ifindex` work without a header that has them: Linux captures them, a file has none. */
  readonly isLive?: boolean
  /** Netmask of the interface, for `ip broadcast`: a number; `none` for an interface without one. */
  readonly netmask?: number | 'none'
  /** Whether it is libpcap 1.10: has `%`, `^` and `ifindex`, no `vxlan`, no `gateway`. */
  readonly isLibpcap110?: boolean
  /** Names that are looked up; undefined when they are looked up elsewhere. */
  readonly names?: FilterNames
}

export interface FilterNames {
  /** Returns the service's port and its protocols, as in /etc/services; undefined if there is none. */
  findService(name: string): NamedService | undefined
  /** Returns the number of an IP protocol, as in /etc/protocols; undefined if there is none. */
  findProtocol(name: string): number | undefined
}

export interface NamedService {
  readonly port: number
  readonly protocols: readonly ('tcp' | 'udp' | 'sctp')[]
}
