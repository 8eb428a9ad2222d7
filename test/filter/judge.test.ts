import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { environmentOf, judgeFilter } from '../../src/filter/judge.ts'
import { anyCharacter } from '../support/any-character.ts'

const syntax = "can't parse filter expression: syntax error"

describe('a filter that every libpcap takes is valid', () => {
  test.each([
    '',
    ' \n\t',
    'tcp',
    'port 53 or 80',
    'port 80 or (443 or not 8080)',
    'port (80 or 443) and not host 10.0.0.5',
    'tcp dst port 0x50 || udp src or dst port 53',
    'portrange 8000-8010 and not port 8005',
    'host 10.0.0.5 and host 10.0.0.6',
    'src net 10.0 and dst net 192.168.0.0/16',
    'net 172.16.0.0 mask 255.240.0.0',
    'host 5 or net 10',
    'ip6 host fe80::1 or net 2001:db8::/32 or src ::ffff:1.2.3.4',
    'arp host 10.0.0.5 or rarp',
    'ip proto 6 or ip6 proto 58 or proto 132',
    'ether proto 0x88cc or ether proto \\arp',
    'icmp or icmp6 or sctp or igmp or ah or esp',
    'not (arp or rarp)',
    'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 10.0.0.0/8',
    'tcp[13] = 18 and tcp[0:2] > 1023',
    'tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)',
    'tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420',
    'icmp[icmptype] == icmp-echo or icmp6[icmp6type] = icmp6-echo',
    'less 100 or greater 1000 or len > 60 and 1 = 1',
    '(80) = len or ((len)) - -20 > (2 + 3) * 4',
  ])('%s', (filter) => {
    expect(judgeFilter(filter, {})).toEqual({ kind: 'valid', hasNames: false })
  })
})

describe('a filter that no libpcap takes is invalid, in the words of libpcap', () => {
  test.each([
    ['tcp prot 443', syntax],
    ['(tcp', syntax],
    ['tcp)', syntax],
    ['()', syntax],
    ['tcp) or (udp', syntax],
    ['llc) or (tcp', syntax],
    ['host db.example) or (tcp', syntax],
    ['tcp\0', 'it contains a NUL character'],
    ['tcp #', syntax],
    ['tcp \\', syntax],
    ['tcp and', syntax],
    ['or tcp', syntax],
    ['not', syntax],
    ['-w /tmp/file', syntax],
    ['port', syntax],
    ['443', syntax],
    ['tcp, udp', syntax],
    ['port “80”', syntax],
    ['net 10/8', syntax],
    ['host 10.0.0.5:80', syntax],
    ['src proto 6', syntax],
    ['ip proto tcp', syntax],
    ['tcp[0', syntax],
    ['tcp[0]', syntax],
    ['1 < 2 < 3', syntax],
    ['port 80 or ((443 or 444) or 445)', syntax],
    ['host db.example and and', syntax],
    ['tcp and 80', 'syntax error in filter expression'],
    ['(port 80) or 443', 'syntax error in filter expression'],
    ['port 65536', 'illegal port number 65536 > 65535'],
    ['portrange 1-65536', 'illegal port number 65536 > 65535'],
    ['icmp port 80', "illegal qualifier of 'port'"],
    ['host 10.0.0.256', "invalid IPv4 address '10.0.0.256'"],
    ['net 10.1.0.0/8', 'non-network bits set in "10.1.0.0/8"'],
    ['net fe80::1/64', 'non-network bits set in "fe80::1/64"'],
    ['net 10.0.0.0/33', 'mask length must be <= 32'],
    ['host 10.0.0.0/8', 'Mask syntax for networks only'],
    ['port 10.0.0.5', "'port' modifier applied to ip host"],
    ['tcp host 10.0.0.5', "'tcp' modifier applied to host"],
    ['ip6 host 10.0.0.5', "'ip6' modifier applied to ip host"],
    ['ip host ::1', "'ip' modifier applied to ip6 host"],
    ['port ::1', 'invalid qualifier against IPv6 address'],
    ['host 00:11:22:33:44:55', 'ethernet address used in non-ether expression'],
    ['ether host 10.0.0.5', 'illegal link layer address'],
    ['ether', 'link layer applied in wrong context'],
    ['tcp proto 6', "'tcp proto' is bogus"],
    ['arp proto 6', 'arp does not encapsulate another protocol'],
    ['tcp[0:3] = 0', 'data size must be 1, 2, or 4'],
    ['ah[0] = 0', 'unsupported index operation'],
    ['len / 0 = 1', 'division by zero'],
    ['len << 32 = 1', 'shift by more than 31 bits'],
    ['len = 4294967296', 'number 4294967296 overflows 32 bits'],
    ['port 08', 'number 08 contains non-octal digit'],
    ['gateway 10.0.0.5', "'gateway' requires a name"],
  ])('%s: %s', (filter, message) => {
    expect(judgeFilter(filter, {})).toMatchObject({ kind: 'invalid', message })
  })
})

describe('a filter is left open', () => {
  test.each([
    'host db.example',
    'port http',
    'portrange ftp-http',
    'net backbone',
    'ip proto \\tcp',
    'ether host printer',
    'gateway router',
    'host 10.0.0.5 and port domain',
    'host 1.2.3.4.5',
  ])('that has names to be looked up: %s', (filter) => {
    expect(judgeFilter(filter, {})).toEqual({ kind: 'unable', hasNames: true })
  })

  test.each([
    'ether host 00:11:22:33:44:55',
    'ether[0] & 1 = 0',
    'vlan 5 and tcp',
    'mpls',
    'broadcast',
    'ip broadcast',
    'inbound',
    'ifindex 2',
  ])('that some link types or systems have and others have not: %s', (filter) => {
    expect(judgeFilter(filter, {})).toEqual({ kind: 'unable', hasNames: false })
  })

  test.each(['tcp and udp', 'arp and port 80', 'not (ip or not ip)', 'port 80 and not portrange 1-100', '1 = 2'])(
    'that no packet is seen to pass, since libpcap may see it too: %s',
    (filter) => {
      expect(judgeFilter(filter, {})).toEqual({ kind: 'unable', hasNames: false })
    },
  )

  test.each([
    ['with a thousand parentheses', `${'('.repeat(1_000)}tcp${')'.repeat(1_000)}`],
    ['of thousands of words', Array<string>(3_000).fill('tcp').join(' or ')],
    ['with a word of newer libpcaps', 'vxlan'],
    ['with what may be an address or not', 'host 1:2:3'],
    ['with operators whose precedence is not settled', 'len % 2 = 1'],
  ])('%s', (_, filter) => {
    expect(judgeFilter(filter, {}).kind).toBe('unable')
  })
})

describe('on the interface any a filter is invalid that needs an Ethernet header', () => {
  const ethernet = 'ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel'
  const multicast = 'ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel'
  test.each([
    ['vlan', 'no VLAN support for Linux cooked v2'],
    ['not port 22 and not vlan', 'no VLAN support for Linux cooked v2'],
    ['vlan 5 and host db.example', 'no VLAN support for Linux cooked v2'],
    ['tcp or (mpls 1024)', 'no MPLS support for Linux cooked v2'],
    ['broadcast', 'not a broadcast link'],
    ['not ether broadcast', 'not a broadcast link'],
    ['ether multicast', `link-layer multicast filters supported only on ${multicast}`],
    ['multicast', `link-layer multicast filters supported only on ${multicast}`],
    ['ether host 00:11:22:33:44:55', `ethernet addresses supported only on ${ethernet}`],
    ['ether src 0-1-2-3-4-5 or tcp', `ethernet addresses supported only on ${ethernet}`],
    ['llc', "'llc' not supported for Linux cooked v2"],
  ])('%s', (filter, message) => {
    expect(judgeFilter(filter, environmentOf('any'))).toMatchObject({ kind: 'invalid', message })
    expect(judgeFilter(filter, environmentOf('eth0')).kind).toBe('unable')
    expect(judgeFilter(filter, {}).kind).toBe('unable')
  })

  test.each([
    'ip broadcast',
    'ip multicast',
    'ip6 multicast',
    'inbound',
    'pppoes',
    'ether[0] = 1',
    'ether proto 0x88cc',
  ])('%s does not', (filter) => {
    expect(judgeFilter(filter, environmentOf('any')).kind).not.toBe('invalid')
  })
})

test('any text gets an answer soon', () => {
  const word = fc.constantFrom(
    ...'tcp host port and or not ( ) [ ] : / = & - 80 10.0.0.1 ::1 len src dst net mask proto \\ \0 é 0x 1. a- 1:'.split(
      ' ',
    ),
  )
  const words = fc.array(word, { maxLength: 400 }).map((list) => list.join(list.length % 2 === 0 ? ' ' : ''))
  const repeated = fc.tuple(word, fc.integer({ min: 1, max: 20_000 })).map(([text, count]) => text.repeat(count))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: anyCharacter }), words, repeated), (text) => {
      const startedMs = performance.now()
      expect(['valid', 'invalid', 'unable']).toContain(judgeFilter(text, {}).kind)
      expect(performance.now() - startedMs).toBeLessThan(2_000)
    }),
    { numRuns: 500 },
  )
})

test('a filter of thousands of words is judged at once', () => {
  const startMs = performance.now()
  judgeFilter(`tcp${' and tcp'.repeat(10_000)}`, {})
  expect(performance.now() - startMs).toBeLessThan(2_000)
})
