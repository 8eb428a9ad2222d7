import type { Token } from './tokens.ts'

export const idTypes = ['host', 'net', 'port', 'portrange', 'proto', 'protochain', 'gateway'] as const
export type Direction = 'src' | 'dst' | 'either' | 'both'
export type Encapsulating = 'vlan' | 'mpls' | 'pppoes' | 'geneve'

/** Syntax tree of a filter. Its order is that of the text, in which libpcap compiles it. */
export type FilterNode =
  | { readonly kind: 'join'; readonly operator: 'and' | 'or'; readonly operands: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly operand: FilterNode }
  | Term

/** Node without a filter below it. */
export type Term =
  | IdNode
  /** `tcp` */
  | { readonly kind: 'protocol'; readonly protocol: string }
  /** `len > 100` */
  | {
      readonly kind: 'comparison'
      readonly operator: string
      readonly left: ArithmeticNode
      readonly right: ArithmeticNode
    }
  /** `ip broadcast` */
  | { readonly kind: 'group'; readonly protocol: string | undefined; readonly group: 'broadcast' | 'multicast' }
  | { readonly kind: 'inbound' | 'outbound' | 'pppoed' }
  /** `vlan 5` */
  | { readonly kind: 'encapsulation'; readonly word: Encapsulating; readonly number: number | undefined }
  | { readonly kind: 'ifindex'; readonly index: number }
  /** `byte 0 > 1` */
  | { readonly kind: 'byte'; readonly position: number; readonly operator: string; readonly value: number }
  /** `llc ui` */
  | { readonly kind: 'llc'; readonly type: string | undefined }
  /** Word of another link type: `vpi` */
  | { readonly kind: 'foreign'; readonly word: string }

/** Host, network, port or protocol: one token and its suffix. */
export interface IdNode {
  readonly kind: 'id'
  /** Qualifiers in front of it or of an earlier id; undefined for an id that has none to inherit. */
  readonly qualifiers: Qualifiers | undefined
  readonly token: Token
  /** Prefix length: `/8`. */
  readonly prefix: number | undefined
  /** Network mask: `mask 255.0.0.0`. */
  readonly mask: string | undefined
}

/** Qualifiers in front of an id, which also apply to a following id without any: `tcp src port 80 or 443`. */
export interface Qualifiers {
  readonly protocol: string | undefined
  readonly direction: Direction
  readonly type: (typeof idTypes)[number]
}

/** Number that libpcap computes for each packet: `tcp[13] & 7`. */
export type ArithmeticNode =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'length' }
  | { readonly kind: 'load'; readonly protocol: string; readonly index: ArithmeticNode; readonly size: number }
  | {
      readonly kind: 'operation'
      readonly operator: string
      readonly left: ArithmeticNode
      readonly right: ArithmeticNode
    }
  | { readonly kind: 'negation'; readonly operand: ArithmeticNode }

/** Part that libpcap compiles as soon as it has read it. */
export type CompiledPart = Term | ArithmeticNode

export const protocols: readonly string[] = (
  'ether ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp stp ' +
  'radio atalk aarp decnet lat sca moprc mopdl iso esis isis l1 l2 iih lsp snp csnp psnp clnp ipx netbeui'
).split(' ')

export const comparisonOperators: readonly string[] = ['=', '!=', '<', '>', '<=', '>=']
/** From weak to strong; the last ones have no precedence in libpcap up to 1.10, so that their right operand takes all that follows. */
const precedences: readonly (readonly string[])[] = [['|'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/'], ['%', '^']]
export const arithmeticOperators: readonly string[] = precedences.flat()
export const operatorsWithoutPrecedence: readonly string[] = ['%', '^']

export function precedenceOf(operator: string): number {
  return precedences.findIndex((group) => group.includes(operator))
}
