/** Filter with the messages of libpcap 1.10 against it: undefined where it accepts the filter. */
export interface FilterRow {
  readonly filter: string
  readonly onEthernet: string | undefined
  /** Message for the interface `any`, whose packets have a Linux cooked header. */
  readonly onCooked: string | undefined
}

interface RefusedFilters {
  readonly message: string
  readonly filters: readonly string[]
}

const accepted: readonly string[] = [
  '',
  ...lines(`
tcp
tcp port 443 and host 10.0.0.5
port 80 or 443
host 1.2.3.4 or 5.6.7.8
src host 10.0.0.5 or dst host 10.0.0.6 and not port 22
host 10.0.0.5 and 10.0.0.6
port 80 or (443 or not 8080)
! tcp && ! udp || arp
not not tcp
portrange 8000-8010
portrange 90-80
portrange 443
portrange ftp-http
port 0x50
port 010
port http
port domain
tcp port domain
ip proto \\tcp
proto \\udp
ip proto 6
ip6 proto 58
proto 300
ether proto 0x88cc
ether proto \\arp
ether proto \\stp
ether proto 1000
ip protochain 6
ip6 protochain \\tcp
iso proto \\clnp
isis
stp
ipx
atalk
decnet
tcp[13] = 18
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420
icmp[icmptype] = icmp-echo
icmp6[icmp6type] = icmp6-echo
ip[6:2] & 0x1fff != 0
ether[0] & 1 = 1
ether[12:2] = 0x800
len > 60 and 1 = 1
len % 2 = 1
len ^ 1 = 61
4 + len % 3 * 2 = 8
byte 0 = 2
byte 12 > 8
inbound
outbound and tcp
ifindex 2
ip broadcast
ip multicast
ip6 multicast
link[0] != 0
net 10
net 10.0.0.0/8
net 10.0.0.0 mask 255.0.0.0
host 5
ip6 host fe80::1
net 2001:db8::/32
ip6 net ::/0
less 100
greater 1000
pppoed
pppoes
pppoes 17 and ip6
geneve
geneve 42 and tcp
`),
]

/** Filters that only `any` refuses. */
const refusedOnCooked: readonly RefusedFilters[] = [
  {
    message: 'not a broadcast link',
    filters: ['broadcast', 'ether broadcast'],
  },
  {
    message:
      'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
    filters: ['multicast', 'ether multicast'],
  },
  {
    message: 'ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel',
    filters: ['ether host 00:11:22:33:44:55', 'ether src 0011.2233.4455'],
  },
  {
    message: 'no VLAN support for Linux cooked v2',
    filters: lines(`
vlan
vlan 5 and tcp
not port 22 and not vlan
vlan and vlan 7
`),
  },
  {
    message: 'no MPLS support for Linux cooked v2',
    filters: ['mpls', 'mpls 1024 and host 10.0.0.5'],
  },
  {
    message: "'llc' not supported for Linux cooked v2",
    filters: ['llc', 'llc ui'],
  },
]

const refused: readonly RefusedFilters[] = [
  {
    message: 'syntax error in filter expression',
    filters: ['tcp or 80', '(port 80) or 443'],
  },
  {
    message: "can't parse filter expression: syntax error",
    filters: lines(`
(tcp
tcp)
()
tcp and
and tcp
not
tcp udp
tcp prot 443
10.0.0.5
#
tcp;udp
$(id)
-w file
ip proto tcp
src proto 6
tcp[0
1 < 2 < 3
net 10/8
less len
vxlan
`),
  },
  {
    message: 'illegal port number 65536 > 65535',
    filters: ['portrange 1-65536', 'port 65536'],
  },
  { message: 'number 08 contains non-octal digit', filters: ['port 08'] },
  { message: "port 'ssh' is tcp", filters: ['udp port ssh'] },
  { message: "unknown port 'nosuchservice'", filters: ['port nosuchservice'] },
  { message: "unknown port '80-90'", filters: ['port 80-90'] },
  { message: "illegal qualifier of 'port'", filters: ['icmp port 80'] },
  { message: "'tcp proto' is bogus", filters: ['tcp proto 6'] },
  { message: 'arp does not encapsulate another protocol', filters: ['arp proto 6'] },
  { message: "unknown ip proto 'nosuchproto'", filters: [String.raw`ip proto \nosuchproto`] },
  { message: "bad protocol applied for 'protochain'", filters: ['ether protochain 6'] },
  { message: "'radio' is not a valid protocol type", filters: ['radio'] },
  { message: 'data size must be 1, 2, or 4', filters: ['tcp[0:3] = 1'] },
  { message: 'unsupported index operation', filters: ['ah[0] = 6'] },
  { message: 'radio information not present in capture', filters: ['radio[0] = 1'] },
  { message: 'division by zero', filters: ['len / 0 = 1'] },
  { message: 'modulus by zero', filters: ['len % 0 = 1'] },
  { message: 'shift by more than 31 bits', filters: ['len << 32 = 1'] },
  { message: 'number 4294967296 overflows 32 bits', filters: ['len = 4294967296'] },
  { message: 'only link-layer/IP broadcast filters supported', filters: ['ip6 broadcast'] },
  {
    message:
      'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
    filters: ['tcp multicast'],
  },
  { message: 'illegal link layer address', filters: ['ether host 10.0.0.5'] },
  { message: 'link-layer modifier applied to net', filters: ['ether net 10.0.0.0/8'] },
  { message: 'ethernet address used in non-ether expression', filters: ['host 00:11:22:33:44:55'] },
  { message: 'link layer applied in wrong context', filters: ['ether'] },
  { message: 'non-network bits set in "10.1.0.0/8"', filters: ['net 10.1.0.0/8'] },
  { message: 'non-network bits set in "10.0.0.1 mask 255.0.0.0"', filters: ['net 10.0.0.1 mask 255.0.0.0'] },
  { message: 'mask length must be <= 32', filters: ['net 10.0.0.0/33'] },
  { message: 'Mask syntax for networks only', filters: ['host 10.0.0.0/8'] },
  { message: "invalid IPv4 address '10.0.0.256'", filters: ['host 10.0.0.256'] },
  { message: "'port' modifier applied to ip host", filters: ['port 10.0.0.5'] },
  { message: "'tcp' modifier applied to host", filters: ['tcp host 10.0.0.5'] },
  { message: 'AppleTalk host filtering not implemented', filters: ['atalk host 10.0.0.5'] },
  {
    message: 'non-network bits set in "fe80::1/64"',
    filters: ['net fe80::1/64', 'host fe80::1/64'],
  },
  { message: "'ip' modifier applied to ip6 host", filters: ['ip host ::1'] },
  { message: 'invalid qualifier against IPv6 address', filters: ['port ::1'] },
  { message: "'gateway' requires a name", filters: ['gateway 10.0.0.5'] },
  { message: "'gateway' not supported in this configuration", filters: ['gateway router'] },
  { message: 'PPPoE session number 65536 greater than maximum 65535', filters: ['pppoes 65536'] },
  { message: 'no VLAN support for PPP', filters: ['pppoes and vlan'] },
  { message: 'Geneve VNI 16777216 greater than maximum 16777215', filters: ['geneve 16777216'] },
  { message: 'unknown LLC type name "nosuchtype"', filters: ['llc nosuchtype'] },
  { message: '802.11 link-layer types supported only on 802.11', filters: ['type mgt'] },
  { message: 'frame direction supported only with 802.11 headers', filters: ['dir tods'] },
  { message: "'lane' supported only on raw ATM", filters: ['lane'] },
  { message: "'vpi' supported only on raw ATM", filters: ['vpi 1'] },
  { message: "'fisu' supported only on MTP2", filters: ['fisu'] },
  { message: "'opc' supported only on SS7", filters: ['opc 1'] },
  { message: 'ifname supported only on PF linktype', filters: ['on eth0'] },
  { message: 'reason supported only on PF linktype', filters: ['reason match'] },
]

/** Filters that each link type refuses for another reason. */
const refusedDifferently: readonly FilterRow[] = [
  {
    filter: 'ether host printer',
    onEthernet: "unknown ether host 'printer'",
    onCooked: 'only ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel supports link-level host name',
  },
  {
    filter: 'vlan 4096',
    onEthernet: 'VLAN tag 4096 greater than maximum 4095',
    onCooked: 'no VLAN support for Linux cooked v2',
  },
  {
    filter: 'mpls and arp',
    onEthernet: 'unsupported protocol over mpls',
    onCooked: 'no MPLS support for Linux cooked v2',
  },
  { filter: 'mpls and vlan', onEthernet: 'no VLAN match after MPLS', onCooked: 'no MPLS support for Linux cooked v2' },
  {
    filter: 'mpls 1048576',
    onEthernet: 'MPLS label 1048576 greater than maximum 1048575',
    onCooked: 'no MPLS support for Linux cooked v2',
  },
]

export const filterRows: readonly FilterRow[] = [
  ...accepted.map((filter) => ({ filter, onEthernet: undefined, onCooked: undefined })),
  ...refusedOnCooked.flatMap(({ message, filters }) =>
    filters.map((filter) => ({ filter, onEthernet: undefined, onCooked: message })),
  ),
  ...refused.flatMap(({ message, filters }) =>
    filters.map((filter) => ({ filter, onEthernet: message, onCooked: message })),
  ),
  ...refusedDifferently,
]

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
