import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { addDemoObjects } from '../../src/demo/cluster/demo-objects.ts'
import { makeDemoPods } from '../../src/demo/cluster/demo-pods.ts'
import { makeObjectStore } from '../../src/demo/cluster/object-store.ts'
import type { InterfaceName } from '../../src/demo/traffic/link-layer.ts'
import { makePacketFeed } from '../../src/demo/traffic/packet-feed.ts'
import { makeScene } from '../../src/demo/traffic/scene.ts'
import { formatPcapHeader, formatPcapRecords } from '../../src/packets/pcap-writer.ts'
import { type Decoded, decode, onesComplement, pseudoHeader, type ReadPacket, readPcap } from './read-packets.ts'

const podIds = [
  'prod/orders-6c9f',
  'prod/web-5f8c',
  'prod/payments-7d4b',
  'prod/db-0',
  'prod/slim-0',
  'staging/orders-b8d1',
]
const addresses: Record<string, string> = { 'prod/orders-6c9f': '10.244.1.17', 'prod/db-0': '10.244.2.40' }
const pods = makeDemoPods(makeStore(), () => {})

function makeStore() {
  const store = makeObjectStore()
  addDemoObjects(store, makeDemoPods(store, () => {}).add, Date.UTC(2026, 10, 22))
  return store
}

/** Returns packets of a pod, read from the bytes that a capture would have. */
function capture(pod: string, count: number, interfaceName: InterfaceName = 'any', seed = 'seed') {
  const found = pods.find(pod)
  if (found === undefined) throw new Error(pod)
  const feed = makePacketFeed({
    scene: makeScene(found, 0),
    seed,
    packetsPerSecond: Number.POSITIVE_INFINITY,
    interfaceName,
    snapLength: 262_144,
    matches: () => true,
    kernelBufferPackets: 1000,
    startMs: Date.now(),
  })
  const parts = [formatPcapHeader({ linkType: feed.linkType, snapLength: 262_144 })]
  for (let got = 0; got < count; ) {
    const batch = feed.take(Math.min(512, count - got))
    if (batch === undefined) throw new Error('the feed is dry')
    got += batch.count
    parts.push(formatPcapRecords(batch))
  }
  const bytes = Buffer.concat(parts)
  const { linkType, packets } = readPcap(bytes)
  return { bytes, packets, linkType, decoded: packets.map(({ frame }) => decode(linkType, frame)) }
}

const protocols = { icmp: 1, tcp: 6, udp: 17 }
const tcpOf = ({ transport }: Decoded) => {
  const flags = transport[13] as number
  const headerLength = ((transport[12] as number) >> 4) * 4
  return {
    sequence: transport.readUInt32BE(4),
    acknowledged: transport.readUInt32BE(8),
    isSyn: (flags & 2) !== 0,
    isFin: (flags & 1) !== 0,
    isRst: (flags & 4) !== 0,
    isAck: (flags & 16) !== 0,
    window: transport.readUInt16BE(14),
    options: transport.subarray(20, headerLength),
    data: transport.subarray(headerLength),
  }
}
const flowOf = (packet: Decoded) => {
  const source = `${packet.source}:${packet.transport.readUInt16BE(0)}`
  const destination = `${packet.destination}:${packet.transport.readUInt16BE(2)}`
  return { source, destination, key: [source, destination].sort().join(' ') }
}

describe.each(podIds)("the demo's traffic of %s", (pod) => {
  let packets: ReadPacket[]
  let decoded: Decoded[]

  beforeAll(() => {
    ;({ packets, decoded } = capture(pod, 1500))
  })

  test('has correct IPv4 header checksums', () => {
    const sums = decoded
      .filter(({ etherType }) => etherType === 0x0800)
      .map(({ ip }) => onesComplement(ip.subarray(0, 20)))
    expect(new Set(sums)).toEqual(new Set([0]))
  })

  test('has correct TCP, UDP and ICMP checksums', () => {
    const sums = decoded
      .filter(({ protocol }) => protocol > 0)
      .map((packet) =>
        packet.protocol === protocols.icmp
          ? onesComplement(packet.transport)
          : onesComplement(pseudoHeader(packet), packet.transport),
      )
    expect(sums.length).toBeGreaterThan(1400)
    expect(new Set(sums)).toEqual(new Set([0]))
  })

  test('is in time order', () => {
    expect(packets.every(({ timeNs }, i) => timeNs >= (packets[i - 1]?.timeNs ?? 0n))).toBe(true)
  })

  test('has consistent sequence and acknowledgement numbers, except one retransmission a round', () => {
    const next = new Map<string, number>()
    let repeated = 0
    let refused = 0
    let rounds = 0
    const wrong: string[] = []
    for (const packet of decoded) {
      if (packet.protocol === protocols.icmp) rounds++
      if (packet.protocol !== protocols.tcp) continue
      const { source, destination } = flowOf(packet)
      const tcp = tcpOf(packet)
      const from = `${source}>${destination}`
      const expected = next.get(from)
      if (tcp.isSyn) next.delete(from)
      else if (tcp.isRst) refused++
      else if (expected !== undefined && tcp.sequence !== expected) {
        if ((tcp.sequence + tcp.data.length) >>> 0 !== expected)
          wrong.push(`${from}: ${tcp.sequence} after ${expected}`)
        repeated++
        continue
      }
      if (tcp.isAck) {
        const heard = next.get(`${destination}>${source}`)
        const isBehind = heard !== undefined && (heard - tcp.acknowledged) >>> 0 >= 65_536
        if (isBehind) wrong.push(`${from}: acknowledges ${tcp.acknowledged} of ${heard}`)
      }
      next.set(from, (tcp.sequence + tcp.data.length + (tcp.isSyn ? 1 : 0) + (tcp.isFin ? 1 : 0)) >>> 0)
    }
    expect(wrong).toEqual([])
    expect(rounds).toBeGreaterThan(4)
    expect(Math.abs(repeated - rounds)).toBeLessThanOrEqual(1)
    expect(Math.abs(refused - rounds)).toBeLessThanOrEqual(1)
  })

  test('opens connections with MSS, SACK, timestamps and window scale', () => {
    const syn = decoded
      .filter(({ protocol }) => protocol === protocols.tcp)
      .map(tcpOf)
      .find(({ isSyn }) => isSyn)
    const kinds: number[] = []
    for (let at = 0; at < (syn?.options.length ?? 0); ) {
      const kind = syn?.options[at] ?? 0
      kinds.push(kind)
      at += kind === 1 ? 1 : (syn?.options[at + 1] ?? 1)
    }
    expect(kinds).toEqual([2, 4, 8, 1, 3])
  })

  test('ends connections with FIN from both sides', () => {
    const ends = new Map<string, Set<string>>()
    for (const packet of decoded.slice(0, 400)) {
      if (packet.protocol !== protocols.tcp || !tcpOf(packet).isFin) continue
      const { key, source } = flowOf(packet)
      ends.set(key, (ends.get(key) ?? new Set()).add(source))
    }
    const both = [...ends.values()].filter((sides) => sides.size === 2)
    expect(ends.size - both.length).toBeLessThanOrEqual(3)
    expect(both.length).toBeGreaterThan(5)
  })

  test('has faults worth finding', () => {
    const text = decoded.map(({ transport }) => transport.toString('latin1')).join('\n')
    for (const words of [
      'HTTP/1.1 200 OK',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.1 500 Internal Server Error',
      'pool exhausted',
      'duplicate key value',
    ]) {
      expect(text).toContain(words)
    }
    expect(
      decoded.some(
        (packet) => packet.protocol === protocols.icmp && packet.transport[0] === 3 && packet.transport[1] === 3,
      ),
    ).toBe(true)
    expect(
      decoded.some((packet) => packet.protocol === protocols.tcp && tcpOf(packet).window === 0 && !tcpOf(packet).isRst),
    ).toBe(true)
  })

  test('asks DNS for A and AAAA and meets NXDOMAIN', () => {
    const answers = decoded
      .filter((packet) => packet.protocol === protocols.udp && packet.transport.readUInt16BE(0) === 53)
      .map(({ transport }) => transport.subarray(8))
    expect(new Set(answers.map((answer) => answer.readUInt16BE(2) & 0xf))).toEqual(new Set([0, 3]))
    const types = answers.map((answer) => {
      let at = 12
      while (answer[at] !== 0) at += (answer[at] ?? 0) + 1
      return answer.readUInt16BE(at + 1)
    })
    expect(new Set(types)).toEqual(new Set([1, 28]))
  })

  test('opens TLS with a server name and ALPN', () => {
    const hellos = decoded
      .filter(({ protocol }) => protocol === protocols.tcp)
      .map((packet) => tcpOf(packet).data)
      .filter((data) => data[0] === 22 && data[5] === 1)
    expect(hellos.length).toBeGreaterThan(3)
    for (const hello of hellos) {
      // Record and handshake lengths agree with what there is.
      expect([hello.readUInt16BE(3), hello.readUIntBE(6, 3)]).toEqual([hello.length - 5, hello.length - 9])
      expect(hello.toString('latin1')).toMatch(/payments|cdn\.example\.com/)
      expect(hello.toString('latin1')).toContain('http/1.1')
    }
  })
})

test.each(['prod/orders-6c9f', 'prod/db-0'])(
  'SLL2 packets of %s say what it sent, what it received, and what stayed inside',
  (pod) => {
    const { packets, linkType, decoded } = capture(pod, 600)
    expect(linkType).toBe(276)
    for (const [i, { frame }] of packets.entries()) {
      const { etherType, source } = decoded[i] as Decoded
      if (etherType !== 0x0800) continue
      const isLoopback = source === '127.0.0.1'
      expect(frame.readUInt32BE(4)).toBe(isLoopback ? 1 : 2)
      expect(frame.readUInt16BE(8)).toBe(isLoopback ? 772 : 1)
      expect(frame[10]).toBe(source === addresses[pod] ? 4 : 0)
      expect(frame[11]).toBe(6)
    }
  },
)

test('eth0 and lo together show what any shows', () => {
  const sources = (name: InterfaceName, count: number) =>
    new Set(capture('prod/orders-6c9f', count, name).decoded.map(({ source }) => source === '127.0.0.1'))
  expect(sources('eth0', 600)).toEqual(new Set([false]))
  expect(sources('lo', 40)).toEqual(new Set([true]))
  expect(sources('any', 600)).toEqual(new Set([false, true]))
})

test('Ethernet frames go between the pod and its gateway', () => {
  const { packets, decoded } = capture('prod/orders-6c9f', 300, 'eth0')
  const out = new Set(
    packets
      .filter((_, i) => decoded[i]?.source === '10.244.1.17')
      .map(({ frame }) => frame.subarray(0, 12).toString('hex')),
  )
  const into = new Set(
    packets
      .filter((_, i) => decoded[i]?.destination === '10.244.1.17')
      .map(({ frame }) => frame.subarray(0, 12).toString('hex')),
  )
  expect([out.size, into.size]).toEqual([1, 1])
  const [[sent = ''], [got = '']] = [[...out], [...into]]
  expect(got).toBe(sent.slice(12) + sent.slice(0, 12))
})

test('the same seed makes the same packets, another seed others', () => {
  const content = (seed: string) =>
    Buffer.concat(capture('prod/web-5f8c', 300, 'any', seed).packets.map(({ frame }) => frame)).toString('hex')
  const first = content('a')
  const again = content('a')
  expect(first === again).toBe(true)
  expect(first === content('b')).toBe(false)
})

const tsharkVersion = await promisify(execFile)('tshark', ['--version']).then(
  ({ stdout }) => stdout,
  () => undefined,
)

test.skipIf(tsharkVersion === undefined)(
  "tshark finds no malformed packet and no bad checksum in the demo's traffic",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kcap-traffic-'))
    const path = join(folder, 'capture.pcap')
    writeFileSync(path, Buffer.concat([capture('prod/orders-6c9f', 1200).bytes]))
    const checks = ['tcp.check_checksum:TRUE', 'ip.check_checksum:TRUE', 'udp.check_checksum:TRUE'].flatMap(
      (option) => ['-o', option],
    )
    const filter =
      '_ws.malformed or _ws.unreassembled or ip.checksum.status==0 or tcp.checksum.status==0 or udp.checksum.status==0 or icmp.checksum.status==0'
    const { stdout } = await promisify(execFile)('tshark', ['-r', path, ...checks, '-Y', filter])
    rmSync(folder, { recursive: true })
    expect(stdout).toBe('')
  },
)
