import { linkTypes } from '../../src/base/link-type.ts'
import { formatPcapHeader, formatPcapRecords } from '../../src/packets/pcap-writer.ts'
import { makeBatch } from '../support/packets.ts'
import { etherTypes, type InnerPacket, ip, makeInnerPackets, ports, type Stream, word } from './inner-packets.ts'

type Carried = Pick<InnerPacket, 'etherType' | 'bytes'>

const udp = 17

/** Headers before the inner packet, with the outer EtherType. */
interface Encapsulation {
  readonly name: string
  wrap(inner: InnerPacket): Carried | undefined
}

const mac = (last: number) => Buffer.of(2, 0, 0, 0, 0, last)
const frame = (inner: InnerPacket) => Buffer.concat([mac(8), mac(9), word(inner.etherType), inner.bytes])
const isIp = ({ etherType }: InnerPacket) => etherType === etherTypes.ip || etherType === etherTypes.ip6

function tunnel(port: number, body: Buffer): Buffer {
  return ip(udp, '10.9.1.1', '10.9.1.2', Buffer.concat([ports(40_099, port, 4), word(8 + body.length), word(0), body]))
}

const encapsulations: readonly Encapsulation[] = [
  { name: 'plain', wrap: ({ etherType, bytes }) => ({ etherType, bytes }) },
  { name: 'VLAN 5', wrap: (inner) => ({ etherType: etherTypes.vlan, bytes: tag(5, inner) }) },
  {
    name: 'VLAN 7 in VLAN 5',
    wrap: (inner) => ({
      etherType: etherTypes.vlan,
      bytes: tag(5, { etherType: etherTypes.vlan, bytes: tag(7, inner) }),
    }),
  },
  {
    name: 'VLAN 5 in QinQ 9',
    wrap: (inner) => ({
      etherType: etherTypes.qinq,
      bytes: tag(9, { etherType: etherTypes.vlan, bytes: tag(5, inner) }),
    }),
  },
  {
    name: 'MPLS',
    wrap: (inner) =>
      ifIp(inner, { etherType: etherTypes.mpls, bytes: Buffer.concat([label(1_024, true), inner.bytes]) }),
  },
  {
    name: 'two MPLS labels',
    wrap: (inner) =>
      ifIp(inner, {
        etherType: etherTypes.mpls,
        bytes: Buffer.concat([label(100, false), label(1_024, true), inner.bytes]),
      }),
  },
  {
    name: 'PPPoE',
    wrap: (inner) => ifIp(inner, { etherType: etherTypes.pppoes, bytes: pppoe(inner) }),
  },
  {
    name: 'PPPoE in VLAN 5',
    wrap: (inner) =>
      ifIp(inner, { etherType: etherTypes.vlan, bytes: tag(5, { etherType: etherTypes.pppoes, bytes: pppoe(inner) }) }),
  },
  {
    name: 'a frame in Geneve',
    wrap: (inner) => ({
      etherType: etherTypes.ip,
      bytes: tunnel(6_081, Buffer.concat([Buffer.of(0, 0, 0x65, 0x58, 0, 0, 42, 0), frame(inner)])),
    }),
  },
  {
    name: 'IP in Geneve with options',
    wrap: (inner) => ({
      etherType: etherTypes.ip,
      bytes: tunnel(
        6_081,
        Buffer.concat([Buffer.of(1, 0), word(inner.etherType), Buffer.of(0, 0, 43, 0), Buffer.alloc(4), inner.bytes]),
      ),
    }),
  },
  {
    name: 'VXLAN',
    wrap: (inner) => ({
      etherType: etherTypes.ip,
      bytes: tunnel(4_789, Buffer.concat([Buffer.of(8, 0, 0, 0, 0, 0, 77, 0), frame(inner)])),
    }),
  },
]

function tag(id: number, { etherType, bytes }: Carried): Buffer {
  return Buffer.concat([word(id), word(etherType), bytes])
}

function label(value: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value * 4_096 + (isLast ? 256 : 0) + 64)
  return bytes
}

function ifIp(inner: InnerPacket, wrapped: Carried): Carried | undefined {
  return isIp(inner) ? wrapped : undefined
}

function pppoe({ etherType, bytes }: InnerPacket): Buffer {
  return Buffer.concat([
    Buffer.of(0x11, 0),
    word(33),
    word(bytes.length + 2),
    word(etherType === etherTypes.ip ? 0x21 : 0x57),
    bytes,
  ])
}

/** Returns a packet in a link layer's framing; undefined where it can't carry it. */
type LinkLayer = (inner: InnerPacket, carried: Carried) => Buffer | undefined

const ethernet: LinkLayer = ({ name }, { etherType, bytes }) => {
  const group = name.includes('multicast') ? Buffer.from('01005e0000fb', 'hex') : Buffer.alloc(6, 0xff)
  const destination = /broadcast|multicast|ARP/.test(name) ? group : mac(1)
  return Buffer.concat([destination, mac(2), word(etherType), bytes])
}
const cooked: LinkLayer = ({ name }, { etherType, bytes }) => {
  const header = Buffer.alloc(16)
  header.set([0, name.includes('own answer') ? 4 : 0, 0, 1, 0, 6, ...mac(2)], 0)
  header.writeUInt16BE(etherType, 14)
  return Buffer.concat([header, bytes])
}
const cooked2: LinkLayer = ({ name }, { etherType, bytes }) => {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(etherType, 0)
  header.set([0, 0, 0, 2, 0, 1, name.includes('own answer') ? 4 : 0, 6, ...mac(2)], 4)
  return Buffer.concat([header, bytes])
}
const raw: LinkLayer = (inner, { etherType, bytes }) => (isIp({ ...inner, etherType }) ? bytes : undefined)

/** Link types of the interface `any` as tcpdump and dumpcap capture it, of most interfaces, and of tunnels. */
const links = [
  { name: 'EN10MB', linkType: linkTypes.ethernet, layer: ethernet },
  { name: 'LINUX_SLL2', linkType: linkTypes.linuxSll2, layer: cooked2 },
  { name: 'LINUX_SLL', linkType: linkTypes.linuxSll, layer: cooked },
  { name: 'RAW', linkType: linkTypes.raw, layer: raw },
] as const

export interface PreparedFile {
  readonly linkType: string
  /** The second of each packet's time is its index here, from 1 on. */
  readonly packets: readonly { readonly name: string; readonly stream: Stream }[]
  readonly pcap: Buffer
}

/** Every packet in every encapsulation, as a pcap for each link type. */
export function prepareFiles(): PreparedFile[] {
  return links.map(({ name, linkType, layer }) => {
    const framed = makeInnerPackets().flatMap((inner) =>
      encapsulations.flatMap(({ name: how, wrap }) => {
        const carried = wrap(inner)
        const data = carried && layer(inner, carried)
        return data === undefined
          ? []
          : [{ name: `${inner.name}, ${how}`, stream: how === 'plain' ? inner.stream : ('other' as const), data }]
      }),
    )
    const packets = linkType === linkTypes.ethernet ? [...framed, ...makeLlcFrames()] : framed
    const records = packets.map(({ data }, index) => ({
      seconds: index + 1,
      nanoseconds: 0,
      data,
      originalLength: data.length,
    }))
    const pcap = Buffer.concat([
      formatPcapHeader({ linkType, snapLength: 262_144 }),
      formatPcapRecords(makeBatch(records)),
    ])
    return { linkType: name, packets, pcap }
  })
}

/** IEEE 802.3 frames, which have a length in the place of an EtherType. */
function makeLlcFrames() {
  const llc = { STP: '424203', ISO: 'fefe0383', IPX: 'e0e003', NetBEUI: 'f0f003', 'SNAP with IP': 'aaaa030000000800' }
  return Object.entries(llc).map(([name, header]) => {
    const body = Buffer.concat([Buffer.from(header, 'hex'), Buffer.alloc(40)])
    const data = Buffer.concat([Buffer.from('0180c2000000', 'hex'), mac(2), word(body.length), body])
    return { name, stream: 'other' as const, data }
  })
}
