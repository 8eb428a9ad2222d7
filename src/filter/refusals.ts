import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'

/**
 * Interfaces for which a refusal holds. `everywhere`: no libpcap accepts the filter. `link-type`: an interface with Ethernet headers accepts it, this
 * one does not. `here`: it depends on names, on the netmask, or on how that libpcap was built.
 */
export type RefusalReach = 'everywhere' | 'link-type' | 'here'

/** Error messages of libpcap's gencode.c, grammar.y, scanner.l and optimize.c, from 1.4 to 1.11. */
const refusals: Readonly<Record<RefusalReach, readonly RegExp[]>> = {
  'link-type': [
    /^no (VLAN|MPLS) support for /,
    /^'(?!dir'|type\/subtype'|inbound'|outbound'|ifindex')[^']+' not supported (on|for) /,
    /^not a broadcast link$/,
    /^(ethernet addresses|link-layer multicast filters|'gateway') supported only on ethernet\//,
    /^only ethernet\/.* supports link-level host name$/,
  ],
  everywhere: [
    /^(syntax error|syntax error in filter expression|expression rejects all packets)$/,
    /^(can't parse filter|syntax error in filter) expression: syntax error$/,
    /^(illegal|invalid) (port number|qualifier|link layer address|IPv4 address|ip6 address)/,
    /^bogus (IPv6|ethernet) address/,
    /^(non-network bits set|mask length must|Mask syntax for networks only)/,
    / modifier applied to /,
    /^direction applied to 'proto'$|^'gateway' requires a name$/,
    / proto' is bogus$|does not encapsulate another protocol$/,
    /^ethernet address used in non-ether expression$|^link layer applied in wrong context$/,
    /^number .* (overflows 32 bits|contains non-octal digit)$/,
    /^(data size must be|unsupported index operation$|division by zero$|modulus by zero$|shift by more than)/,
  ],
  here: [
    /^unknown (host|port|network|(ether|ip|osi) proto|protocol|decnet host|ether host|Ethernet-like host)\b/,
    /^unknown (802\.11|FDDI|token ring|Fibre Channel|LLC|PF|') ?/,
    /^(can't parse filter|syntax error in filter) expression|^illegal (char|token|modifier)|^getaddrinfo\(/,
    /^(illegal|invalid|malformed) (link-layer|ARCnet|DECnet|decnet|Ethernet|IPv6|MAC-\d+|802\.11) /,
    /^'[^']*' (is not a valid|is valid for|and '|is only|cannot be used|does not support|is the only|proto' is not)/,
    / (supported only|only supported|valid only) (on|with|for) | qualifier applied to | is not supported by /,
    / (not implemented|not specifiable|not supported( here)?)$|^(link-layer type filtering|protochain) not /,
    /^(ifindex|inbound\/outbound|'protochain'|'gateway'|'[^']+') not supported (on|in|with) |^not a live capture,/,
    /^(port (in range )?'.*' is (sctp|tcp|udp)|port range '.*' (has|contains) |More than \d+ IPv)/,
    / greater than maximum | too big; max | names can only be | resolved to multiple address/,
    /^(Ethernet|ARCnet) address used in non-|^(Proto qualifier|direction applied to|bad protocol applied)/,
    /^(no VLAN match after MPLS|no mask |too many registers|filter is too complex|unsupported proto)/,
    /^(radio information not present|libpcap was compiled|netmask not known|only link-layer\/IP broadcast)/,
    /^(decnet name support not included|filter has no instructions)/,
  ],
}

/** Returns for which interfaces a message of libpcap refuses a filter; undefined for a message about something else. */
export function findReach(message: string): RefusalReach | undefined {
  const reaches: readonly RefusalReach[] = ['link-type', 'everywhere', 'here']
  return reaches.find((reach) => refusals[reach].some((pattern) => pattern.test(message)))
}

/** Returns libpcap's refusal from the lines that tcpdump, dumpcap or tshark print; undefined if there is none. */
export function findRefusal(lines: readonly string[]): string | undefined {
  // dumpcap's text spans several lines; tshark first notes that some filters are valid display filters.
  const [, quoted] = /valid\s+capture filter \((.*?)\)\.(?:\s|$)/.exec(lines.join(' ')) ?? []
  if (quoted !== undefined) return quoted
  return lines
    .map((line) => /^\S*tcpdump\S*: (.*)$/.exec(line)?.[1] ?? '')
    .find((message) => findReach(message) !== undefined)
}

/** Returns the error for a filter that libpcap refuses, in libpcap's words. */
export function makeBadFilterError(message: string, expression?: string): KcapError {
  const shown = expression === undefined ? '' : ` ${showExpression(expression)}`
  return new KcapError('bad-filter', `cannot use the capture filter${shown}: ${printable(message)}`, {
    hints: findHints(message),
  })
}

function findHints(message: string): string[] {
  const example = "--filter 'tcp port 443 and host 10.0.0.5'"
  if (findReach(message) === 'link-type') return ['name an interface that has Ethernet headers:', '--iface eth0']
  if (/^unknown port /.test(message)) return ['the grammar: man 7 pcap-filter', 'a number needs no look-up: --port 443']
  // The demo runs no libpcap; its filter may be valid elsewhere.
  if (/ is not supported by the demo/.test(message)) return ['the pods of a real cluster take it', example]
  return ['the grammar: man 7 pcap-filter', example]
}

const maxShownLength = 200

/** Returns the expression as quoted in a message. */
export function showExpression(expression: string): string {
  const shown = expression.length <= maxShownLength ? expression : `${expression.slice(0, maxShownLength)}…`
  return `"${printable(shown)}"`
}
