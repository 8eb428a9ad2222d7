/** A connection of kcap's, in the words of SSH_CONNECTION. */
export const ownConnections = {
  ipv4: '10.9.0.5 50022 10.9.0.2 22',
  ipv6: 'fd09::5 50022 fd09::2 22',
} as const
export const apiAddresses = [
  { host: '10.9.0.1', port: 443 },
  { host: 'fd09::1', port: 6443 },
]
/** Outermost content of a packet; a capture on a node leaves out all of `node`. */
export type Stream = 'ipv4' | 'ipv6' | 'node' | 'other'

/** A packet without a link layer. */
export interface InnerPacket {
  readonly name: string
  readonly stream: Stream
  readonly etherType: number
  readonly bytes: Buffer
}

const [tcp, udp, sctp, icmp, icmp6] = [6, 17, 132, 1, 58]
export const etherTypes = {
  ip: 0x800,
  arp: 0x806,
  rarp: 0x8035,
  vlan: 0x8100,
  ip6: 0x86dd,
  mpls: 0x8847,
  pppoed: 0x8863,
  pppoes: 0x8864,
  qinq: 0x88a8,
  lldp: 0x88cc,
}

export const word = (value: number) => Buffer.of((value >> 8) & 0xff, value & 0xff)
const zeros = (length: number) => Buffer.alloc(length)

export function ports(source: number, destination: number, length = 20, flags = 0x18): Buffer {
  const bytes = zeros(length)
  bytes.writeUInt16BE(source, 0)
  bytes.writeUInt16BE(destination, 2)
  if (length >= 20) bytes.set([0x50, flags], 12)
  return bytes
}

export function ip(
  protocol: number,
  source: string,
  destination: string,
  body: Buffer,
  more = { fragment: 0, options: 0 },
) {
  const headerLength = 20 + more.options
  const header = zeros(headerLength)
  header[0] = 0x40 + headerLength / 4
  header.writeUInt16BE(headerLength + body.length, 2)
  header.writeUInt16BE(more.fragment, 6)
  header.set([64, protocol], 8)
  header.set([...source.split('.').map(Number), ...destination.split('.').map(Number)], 12)
  header.fill(1, 20)
  return Buffer.concat([header, body])
}

function ip6(nextHeader: number, source: string, destination: string, body: Buffer): Buffer {
  const address = (text: string) => {
    const [head = '', tail = ''] = text.split('::')
    return Buffer.from(`${head.padStart(4, '0')}${tail.padStart(28, '0')}`, 'hex')
  }
  const header = zeros(8)
  header[0] = 0x60
  header.writeUInt16BE(body.length, 4)
  header.set([nextHeader, 64], 6)
  return Buffer.concat([header, address(source), address(destination), body])
}

function arp(sender: string, target: string): Buffer {
  const bytes = Buffer.alloc(46)
  bytes.set([0, 1, 8, 0, 6, 4, 0, 1], 0)
  bytes.set(sender.split('.').map(Number), 14)
  bytes.set(target.split('.').map(Number), 24)
  return bytes
}

/** kcap's own packets, those that differ from them in one thing, and a few of every other kind. */
export function makeInnerPackets(): InnerPacket[] {
  const v4 = (name: string, stream: Stream, bytes: Buffer): InnerPacket => ({
    name,
    stream,
    etherType: etherTypes.ip,
    bytes,
  })
  const v6 = (name: string, stream: Stream, bytes: Buffer): InnerPacket => ({
    name,
    stream,
    etherType: etherTypes.ip6,
    bytes,
  })
  const [client, host, stranger, api] = ['10.9.0.5', '10.9.0.2', '10.9.0.7', '10.9.0.1']
  const data = (length: number) => Buffer.concat([ports(50_022, 22), Buffer.alloc(length, 0x41)])
  const answer = (length: number) => Buffer.concat([ports(22, 50_022), Buffer.alloc(length, 0x42)])
  return [
    v4('own SYN', 'ipv4', ip(tcp, client, host, ports(50_022, 22, 20, 2))),
    v4('own data', 'ipv4', ip(tcp, client, host, data(100))),
    v4('own data with options', 'ipv4', ip(tcp, client, host, data(9), { fragment: 0x4000, options: 12 })),
    v4('own SYN ACK', 'ipv4', ip(tcp, host, client, ports(22, 50_022, 20, 0x12))),
    v4('own answer', 'ipv4', ip(tcp, host, client, answer(1_400))),
    v4('own first fragment', 'ipv4', ip(tcp, host, client, answer(16), { fragment: 0x2000, options: 0 })),
    v4('own FIN', 'ipv4', ip(tcp, host, client, ports(22, 50_022, 20, 0x11))),
    v6('own data by IPv6', 'ipv6', ip6(tcp, 'fd09::5', 'fd09::2', data(100))),
    v6('own answer by IPv6', 'ipv6', ip6(tcp, 'fd09::2', 'fd09::5', answer(1_300))),
    v4('to the API server', 'node', ip(tcp, host, api, ports(40_001, 443))),
    v4('from the API server', 'node', ip(tcp, api, host, ports(443, 40_001, 300))),
    v6('to the API server by IPv6', 'node', ip6(tcp, 'fd09::2', 'fd09::1', ports(40_001, 6_443))),
    v6('from the API server by IPv6', 'node', ip6(tcp, 'fd09::1', 'fd09::2', ports(6_443, 40_001, 300))),
    v4('to the kubelet', 'node', ip(tcp, stranger, host, ports(40_002, 10_250))),
    v6('from the kubelet', 'node', ip6(tcp, 'fd09::2', 'fd09::7', ports(10_250, 40_002))),
    v4('what the API server asks of another', 'other', ip(tcp, api, stranger, ports(40_003, 443))),
    v4('another port of the API server', 'other', ip(tcp, host, api, ports(40_001, 8_443))),
    v6('the API server by UDP', 'other', ip6(udp, 'fd09::2', 'fd09::1', ports(40_001, 6_443, 12))),
    v4('another client port', 'other', ip(tcp, client, host, ports(50_023, 22))),
    v4('another server port', 'other', ip(tcp, client, host, ports(50_022, 2_222))),
    v4('another client', 'other', ip(tcp, stranger, host, ports(50_022, 22))),
    v4('another server', 'other', ip(tcp, client, stranger, ports(50_022, 22))),
    v4('the same ports, exchanged', 'other', ip(tcp, client, host, ports(22, 50_022))),
    v6('the same ports, exchanged, by IPv6', 'other', ip6(tcp, 'fd09::2', 'fd09::5', ports(50_022, 22))),
    v4('the same by UDP', 'other', ip(udp, client, host, ports(50_022, 22, 12))),
    v4('the same by SCTP', 'other', ip(sctp, client, host, ports(50_022, 22, 12))),
    v6('another client port by IPv6', 'other', ip6(tcp, 'fd09::5', 'fd09::2', ports(50_023, 22))),
    v4(
      'an error about an own packet',
      'other',
      ip(icmp, host, client, Buffer.concat([Buffer.of(3, 3), zeros(6), ip(tcp, client, host, ports(50_022, 22, 8))])),
    ),
    v4('a ping', 'other', ip(icmp, client, host, Buffer.concat([Buffer.of(8, 0), zeros(54)]))),
    v6('a ping by IPv6', 'other', ip6(icmp6, 'fd09::5', 'fd09::2', Buffer.concat([Buffer.of(128, 0), zeros(54)]))),
    v6(
      'a neighbour solicitation',
      'other',
      ip6(icmp6, 'fe80::5', 'ff02::1', Buffer.concat([Buffer.of(135, 0), zeros(22)])),
    ),
    v4('DNS', 'other', ip(udp, client, '8.8.8.8', ports(40_053, 53, 40))),
    v4('HTTPS', 'other', ip(tcp, client, '192.0.2.80', ports(40_443, 443, 517))),
    v4('HTTPS, answered', 'other', ip(tcp, '192.0.2.80', client, ports(443, 40_443, 1_400, 0x10))),
    v6('HTTP by IPv6', 'other', ip6(tcp, '2001::7', 'fd09::2', ports(40_080, 80, 60))),
    v4('a later fragment', 'other', ip(udp, client, '8.8.8.8', zeros(64), { fragment: 0x0010, options: 0 })),
    v4('multicast', 'other', ip(udp, client, '224.0.0.251', ports(5_353, 5_353, 30))),
    v4('broadcast', 'other', ip(udp, client, '255.255.255.255', ports(68, 67, 250))),
    v4('IGMP', 'other', ip(2, client, '224.0.0.22', zeros(8))),
    v4(
      'GRE',
      'other',
      ip(47, client, host, Buffer.concat([word(0), word(etherTypes.ip), ip(tcp, client, host, data(0))])),
    ),
    v4('ESP', 'other', ip(50, client, host, Buffer.alloc(60, 7))),
    v4('AH', 'other', ip(51, client, host, Buffer.concat([Buffer.of(tcp, 4, 0, 0), zeros(20), data(0)]))),
    v6(
      'hop-by-hop options',
      'other',
      ip6(0, 'fd09::5', 'fd09::2', Buffer.concat([Buffer.of(tcp, 0, 1, 4, 0, 0, 0, 0), data(0)])),
    ),
    v6(
      'a fragment by IPv6',
      'other',
      ip6(44, 'fd09::5', 'fd09::2', Buffer.concat([Buffer.of(udp, 0, 0, 1, 0, 0, 0, 9), ports(50_022, 22, 32)])),
    ),
    { name: 'ARP', stream: 'other', etherType: etherTypes.arp, bytes: arp(client, host) },
    { name: 'RARP', stream: 'other', etherType: etherTypes.rarp, bytes: arp(host, client) },
    { name: 'LLDP', stream: 'other', etherType: etherTypes.lldp, bytes: Buffer.alloc(46, 2) },
    { name: 'PPPoE discovery', stream: 'other', etherType: etherTypes.pppoed, bytes: Buffer.alloc(46, 0x11) },
  ]
}
