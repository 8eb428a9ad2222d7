import { describe, expect, test } from 'vitest'
import { compileFilter } from '../../src/demo/filter/compile-filter.ts'
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
  return makeFrame('0a0000000002', 0x0800, bytes, source === '10.244.1.9')
}

function arpPacket(sender: string, target: string) {
  const bytes = Buffer.alloc(28)
  bytes.writeUInt32BE(parseIpv4Address(sender), 14)
  bytes.writeUInt32BE(parseIpv4Address(target), 24)
  return makeFrame('ffffffffffff', 0x0806, bytes, true)
}

function makeFrame(destination: string, etherType: number, bytes: Buffer, isOutgoing: boolean) {
  const header = Buffer.from(`${destination}0a0000000001${etherType.toString(16).padStart(4, '0')}`, 'hex')
  const frame = Buffer.concat([header, bytes])
  return { frame, length: frame.length, isOutgoing, interfaceIndex: 2 }
}

function select(expression: string): Name[] {
  const passes = compileFilter(expression, 'ethernet')
  return all.filter((name) => passes(packets[name]))
}

describe('a filter expression of the demo selects', () => {
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
    ['host 10.244.1.9 and !(port 53 || port 80)', ['tls', 'unreachable', 'arp']],
    ['tcp src portrange 40000-40001 and dst host 10.244.1.17', ['webSyn']],
    ['src net 10.0.0.0/8 and dst net 203.0.113.0 mask 255.255.255.0', ['tls']],
    ['net 2001:db8::/32 or ip6 host ::1', []],
    ['ip[8] = 64 and ip[2:2] >= 0', without(['arp'])],
    ['tcp[((tcp[12] & 0xf0) >> 2):2] = 80', ['webSynAck']],
    ['tcp[500] = 0', ['tls']],
    ['not tcp[500] = 0', without(tcp)],
    ['ether proto 0x806', ['arp']],
    ['ether broadcast or tcp port https', ['arp', 'tls']],
    ['ether dst 0a:00:00:00:00:02', without(['arp'])],
    ['ether[0] & 1 = 1', ['arp']],
    ['ip broadcast', []],
    ['ifindex 2', all],
    ['len % 2 = 1', []],
    ['vlan', []],
    ['not vlan', all],
    ['ip protochain 6', tcp],
    ['port domain', dns],
    ['udp port domain', dns],
    ['inbound and udp', ['dnsAnswer']],
    ['tcp and not (port 80 or port 53)', ['tls']],
  ])('%s', (expression, expected) => {
    expect(select(expression)).toEqual(all.filter((name) => expected.includes(name)))
  })

  test('`and` and `or` have equal precedence, from left to right', () => {
    expect(select('tcp or udp and port 53')).toEqual(dns)
    expect(select('udp and port 53 or tcp')).toEqual([...dns, ...tcp])
  })
})

describe('the demo refuses an expression in the words of libpcap', () => {
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
    ['udp port http', "port 'http' is tcp"],
    ['gateway router', "'gateway' not supported in this configuration"],
    ['dir tods', 'frame direction supported only with 802.11 headers'],
    ['vlan 4096', 'VLAN tag 4096 greater than maximum 4095'],
    ['vxlan', "can't parse filter expression: syntax error"],
  ])('%s: %s', (expression, words) => {
    expect(() => compileFilter(expression, 'ethernet')).toThrow(words)
  })
})

describe("the demo's interface any refuses in the words of libpcap", () => {
  test.each([
    ['tcp and not vlan 5', 'no VLAN support for Linux cooked v2'],
    ['mpls', 'no MPLS support for Linux cooked v2'],
    ['broadcast', 'not a broadcast link'],
    ['multicast', 'link-layer multicast filters supported only on ethernet/'],
  ])('%s: %s', (expression, words) => {
    expect(() => compileFilter(expression, 'cooked')).toThrow(words)
  })
})

describe('the demo calls a valid but unsupported expression unsupported', () => {
  test.each(['byte 0 & 1', 'decnet host 1.2', `${'1 + '.repeat(20)}1 = 21`])('%s', (expression) => {
    expect(() => compileFilter(expression, 'ethernet')).toThrow(
      'it is not supported by the demo, which takes host, net,',
    )
  })
})
