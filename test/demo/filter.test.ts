import { describe, expect, test } from 'vitest'
import { viewPacket } from '../../src/demo/filter/packet-view.ts'
import { parseFilter } from '../../src/demo/filter/parse-filter.ts'
import { parseIpv4Address } from '../../src/demo/traffic/ipv4.ts'

/** Packets by name; each expression is tried on all. The expected sets agree with tcpdump 4.99.3. */
const packets = {
  dnsQuery: transportPacket(17, '10.244.1.9', 40_000, '10.96.0.10', 53, 40),
  dnsAnswer: transportPacket(17, '10.96.0.10', 53, '10.244.1.9', 40_000, 90),
  webSyn: transportPacket(6, '10.244.1.9', 40_001, '10.244.1.17', 80, 40, 0x02),
  webSynAck: transportPacket(6, '10.244.1.17', 80, '10.244.1.9', 40_001, 40, 0x12),
  tls: transportPacket(6, '10.244.1.9', 40_002, '203.0.113.80', 443, 1400, 0x18),
  unreachable: transportPacket(1, '10.244.1.17', 0x0303, '10.244.1.9', 0, 60),
  arp: arpPacket('10.244.1.9', '10.244.1.1'),
}
type Name = keyof typeof packets
const all = Object.keys(packets) as Name[]
const tcp: Name[] = ['webSyn', 'webSynAck', 'tls']
const dns: Name[] = ['dnsQuery', 'dnsAnswer']
const without = (names: readonly Name[]) => all.filter((name) => !names.includes(name))

function transportPacket(
  protocol: number,
  source: string,
  sourcePort: number,
  destination: string,
  destinationPort: number,
  length: number,
  flags = 0,
) {
  const bytes = Buffer.alloc(20 + length)
  bytes[0] = 0x45
  bytes[8] = 64
  bytes[9] = protocol
  bytes.writeUInt32BE(parseIpv4Address(source), 12)
  bytes.writeUInt32BE(parseIpv4Address(destination), 16)
  bytes.writeUInt16BE(sourcePort, 20)
  bytes.writeUInt16BE(destinationPort, 22)
  bytes[33] = flags
  return {
    atMs: 0,
    etherType: 0x0800,
    bytes,
    isOutgoing: source === '10.244.1.9',
    isBroadcast: false,
    isLoopback: false,
  }
}

function arpPacket(sender: string, target: string) {
  const bytes = Buffer.alloc(28)
  bytes.writeUInt32BE(parseIpv4Address(sender), 14)
  bytes.writeUInt32BE(parseIpv4Address(target), 24)
  return { atMs: 0, etherType: 0x0806, bytes, isOutgoing: true, isBroadcast: true, isLoopback: false }
}

function select(expression: string): Name[] {
  const test = parseFilter(expression)
  return all.filter((name) => test(viewPacket(packets[name], 14)))
}

describe('an expression selects', () => {
  test.each<[string, Name[]]>([
    ['', all],
    ['tcp', tcp],
    ['udp', dns],
    ['icmp', ['unreachable']],
    ['icmp6', []],
    ['sctp', []],
    ['ip6', []],
    ['arp', ['arp']],
    ['ip', without(['arp'])],
    ['not tcp', without(tcp)],
    ['! tcp && ! arp', ['dnsQuery', 'dnsAnswer', 'unreachable']],
    ['port 53', dns],
    ['src port 53', ['dnsAnswer']],
    ['dst port 53', ['dnsQuery']],
    ['src or dst port 53', dns],
    ['src and dst port 53', []],
    ['udp port 80', []],
    ['tcp port 80', ['webSyn', 'webSynAck']],
    ['port 53 or 80', [...dns, 'webSyn', 'webSynAck']],
    ['port http or https', tcp],
    ['portrange 50-100', [...dns, 'webSyn', 'webSynAck']],
    ['portrange 100-50', [...dns, 'webSyn', 'webSynAck']],
    ['host 10.96.0.10', dns],
    ['src host 10.96.0.10', ['dnsAnswer']],
    ['dst 10.96.0.10', ['dnsQuery']],
    ['host 10.244.1.1', ['arp']],
    ['arp host 10.244.1.1', ['arp']],
    ['net 10.244.0.0/16', all],
    ['dst net 203.0.113.0/24', ['tls']],
    ['net 203.0', ['tls']],
    ['less 80', ['dnsQuery', 'webSyn', 'webSynAck', 'arp']],
    ['greater 1000', ['tls']],
    ['len > 100', ['dnsAnswer', 'tls']],
    ['tcp[13] & 2 != 0', ['webSyn', 'webSynAck']],
    ['tcp[tcpflags] == tcp-syn', ['webSyn']],
    ['tcp[tcpflags] & (tcp-push|tcp-fin) != 0', ['tls']],
    ['icmp[icmptype] = icmp-unreach', ['unreachable']],
    ['ip proto \\udp', dns],
    ['proto 6', tcp],
    ['outbound', ['dnsQuery', 'webSyn', 'tls', 'arp']],
    ['broadcast', ['arp']],
    ['(tcp) and (port 443)', ['tls']],
    ['vlan', []],
    ['not vlan', all],
    ['not mpls 5 and not tcp', all],
    ['not vlan and tcp', []],
    ['(not pppoes) and (port 53 or 80)', []],
    ['tcp and not vlan', tcp],
    ['not geneve and greater 1000', ['tls']],
    ['not vlan and broadcast', ['arp']],
    ['tcp and not (port 80 or port 53)', ['tls']],
  ])('%s', (expression, expected) => {
    expect(select(expression)).toEqual(all.filter((name) => expected.includes(name)))
  })

  test('`and` and `or` bind equally, from left to right', () => {
    expect(select('tcp or udp and port 53')).toEqual(dns)
    expect(select('udp and port 53 or tcp')).toEqual([...dns, ...tcp])
  })
})

describe('an expression is refused in the words of libpcap', () => {
  test.each([
    ['foo', "can't parse filter expression: syntax error"],
    ['foo bar', "can't parse filter expression: syntax error"],
    ['10.0.0.1', "can't parse filter expression: syntax error"],
    ['(tcp', "can't parse filter expression: syntax error"],
    ['tcp)', "can't parse filter expression: syntax error"],
    ['tcp and', "can't parse filter expression: syntax error"],
    ['tcp;ls', "can't parse filter expression: syntax error"],
    ['ip proto tcp', "can't parse filter expression: syntax error"],
    ['port 99999', 'illegal port number 99999 > 65535'],
    ['port foo', "unknown port 'foo'"],
    ['port 80-90', "unknown port '80-90'"],
    ['host foo.invalid', "unknown host 'foo.invalid'"],
    ['tcp host 1.2.3.4', "'tcp' modifier applied to host"],
    ['net 10.1.2.3/16', 'non-network bits set in "10.1.2.3/16"'],
    ['net 1.2.3.4/40', 'mask length must be <= 32'],
  ])('%s: %s', (expression, words) => {
    expect(() => parseFilter(expression)).toThrow(words)
  })
})

describe('the interface any refuses in the words of libpcap', () => {
  test.each([
    ['tcp and not vlan 5', 'no VLAN support for Linux cooked v2'],
    ['mpls', 'no MPLS support for Linux cooked v2'],
    ['broadcast', 'not a broadcast link'],
    ['multicast', 'link-layer multicast filters supported only on ethernet/'],
  ])('%s: %s', (expression, words) => {
    expect(() => parseFilter(expression, 'cooked')).toThrow(words)
  })
})
