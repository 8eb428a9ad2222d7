/** Types of ids that take no direction. */
export const typesWithoutDirection: readonly string[] = ['proto', 'protochain', 'gateway']
/** Terms that only some link types support. */
export const wordsAlone: readonly string[] = ['inbound', 'outbound', 'broadcast', 'multicast']
export const wordsWithNumber: readonly string[] = ['vlan', 'mpls', 'pppoes']
/** Terms of 802.11. */
export const wirelessWords: readonly string[] =
  'type subtype direction dir addr1 addr2 addr3 addr4 address1 address2 address3 address4 ra ta'.split(' ')
/** Terms that shift where everything to their right looks. Parentheses do not end that; `lane` belongs to ATM. */
export const shiftingWords: readonly string[] = ['vlan', 'mpls', 'pppoes', 'geneve', 'vxlan', 'lane']
/** Terms that need an Ethernet header, which packets of the interface `any` lack, with the message of libpcap 1.10. */
export const cookedRefusals: Readonly<Record<string, string>> = {
  vlan: 'no VLAN support for Linux cooked v2',
  mpls: 'no MPLS support for Linux cooked v2',
  llc: "'llc' not supported for Linux cooked v2",
  broadcast: 'not a broadcast link',
  multicast:
    'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
  'ether host': 'ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel',
}
