/** Types of ids that take no direction. */
export const typesWithoutDirection: readonly string[] = ['proto', 'protochain', 'gateway']
/** Terms that some link types have and others have not. */
export const wordsAlone: readonly string[] = ['inbound', 'outbound', 'broadcast', 'multicast']
export const wordsWithNumber: readonly string[] = ['vlan', 'mpls', 'pppoes']
/** Of 802.11. */
export const wirelessWords: readonly string[] =
  'type subtype direction dir addr1 addr2 addr3 addr4 address1 address2 address3 address4 ra ta'.split(' ')
