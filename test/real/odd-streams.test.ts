import { execFile, execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { hasPrograms } from '../support/has-program.ts'
import { formatPcap, type PlainPacket } from '../support/packets.ts'
import { makeBlockFormat } from '../support/pcapng-blocks.ts'
import { captureReplay, useReplayFolder } from '../support/replayed-tcpdump.ts'
import { capinfos, tshark } from './lab.ts'

/** Streams of a remote host that are no usual capture, through a whole session, then read by Wireshark's and tcpdump's own readers. */
const run = promisify(execFile)
const missing = ['tshark', 'capinfos', 'editcap', 'mergecap', 'tcpdump'].filter((name) => !hasPrograms(name))
const foreignTest = test.skipIf(missing.length > 0 && process.env.KCAP_REQUIRE_REAL !== '1')

/** The real one: the folder of a test has another for the remote host. */
const tcpdump = missing.includes('tcpdump') ? '' : execFileSync('which', ['tcpdump'], { encoding: 'utf8' }).trim()

const folder = useReplayFolder()

/** Ethernet frames that carry nothing known, with what Wireshark takes for a frame check sequence at their end. */
function makePackets(count: number, seconds: number): PlainPacket[] {
  return Array.from({ length: count }, (_, i) => {
    const data = Buffer.alloc(64 + ((i * 37) % 900), i)
    data.writeUInt16BE(0x88b5, 12)
    return { seconds: seconds + (i >> 2), nanoseconds: (i % 4) * 249_999_999, data, originalLength: data.length }
  })
}

type Format = Omit<Parameters<typeof formatPcap>[1], 'littleEndian' | 'nanosecond'>

async function writePcap(name: string, packets: readonly PlainPacket[], format: Format = {}): Promise<string> {
  const file = path.join(folder(), name)
  await writeFile(file, formatPcap(packets, { littleEndian: true, nanosecond: true, ...format }))
  return file
}

/** Time, lengths, link type and content of each packet, as tshark reads them. */
async function readPackets(file: string): Promise<string[]> {
  const fields = ['time_epoch', 'len', 'cap_len', 'encap_type', 'md5_hash'].flatMap((name) => ['-e', `frame.${name}`])
  const lines = await tshark(file, '-o', 'frame.generate_md5_hash:TRUE', '-T', 'fields', ...fields)
  return lines.trimEnd().split('\n')
}

/** Returns capinfos' lines for each interface of a file: link type, snap length and frame check sequence. */
async function readInterfaces(file: string): Promise<string[]> {
  const lines = (await capinfos(file)).split('\n').map((line) => line.trim())
  const told = lines.filter((line) => /^(Encapsulation|Capture length|FCS length) = /.test(line))
  return told.map((line) => line.replace(/ = .*\((\d+) - .*/, ' = $1'))
}

type Request = Parameters<typeof captureReplay>[2]

/** Expects the same packets from kcap's file as from the stream, whole and cut somewhere. Returns kcap's file of the cut one. */
async function captureAlike(streamFile: string, more: Request = {}, cutAt?: number): Promise<string> {
  const stream = await readFile(streamFile)
  const packets = await readPackets(streamFile)
  const middle = cutAt ?? stream.length >> 1
  let captured = ''
  for (const pieces of [[stream], [stream.subarray(0, middle), stream.subarray(middle)]]) {
    const { summary, file } = await captureReplay(folder(), pieces, more)
    expect([summary.error, summary.packets]).toEqual([undefined, packets.length])
    expect(await readPackets(file)).toEqual(packets)
    captured = file
  }
  return captured
}

foreignTest("kcap keeps the link types of mergecap's file", async () => {
  const inputs = [
    await writePcap('ethernet.pcap', makePackets(60, 1_700_000_000)),
    await writePcap('cooked.pcap', makePackets(70, 1_700_000_001), { linkType: 113 }),
    await writePcap('raw.pcap', makePackets(50, 1_700_000_003), { linkType: 101, snapLength: 2_000 }),
  ]
  const merged = path.join(folder(), 'merged.pcapng')
  await run('mergecap', ['-F', 'pcapng', '-w', merged, ...inputs])
  const file = await captureAlike(merged)
  expect((await readInterfaces(file)).filter((line) => line.startsWith('Enc'))).toHaveLength(3)
})

foreignTest.each([
  ['2106', 2_595_000_000],
  ['2242', 6_890_000_000],
  ['2554', 16_746_000_000],
])('kcap keeps times that editcap moves to about %s', async (_year, seconds) => {
  const pcap = await writePcap('usual.pcap', makePackets(200, 1_700_000_000 - 32_704))
  const late = path.join(folder(), 'late.pcapng')
  await run('editcap', ['-F', 'pcapng', '-t', String(seconds), pcap, late])
  await captureAlike(late)
})

foreignTest('kcap keeps times on both sides of 2106', async () => {
  const pcap = await writePcap('before.pcap', makePackets(200, 2 ** 32 - 52))
  const later = path.join(folder(), 'later.pcapng')
  await run('editcap', ['-F', 'pcapng', '-t', '25', pcap, later])
  await captureAlike(later)
})

foreignTest('kcap writes the frame check sequence that a pcapng or a pcap names into its pcapng', async () => {
  const little = makeBlockFormat(true)
  const named = path.join(folder(), 'named.pcapng')
  const packets = makePackets(20, 1_700_000_000)
  const blocks = packets.map(({ data }, i) => little.enhanced(0, 1_700_000_000_000_000n + BigInt(i), data))
  const description = little.interface(1, 262_144, little.option(13, Buffer.of(32)))
  await writeFile(named, Buffer.concat([little.section(), description, ...blocks]))
  const fromPcapng = await captureAlike(named)
  expect(await readInterfaces(fromPcapng)).toEqual(['Encapsulation = 1', 'Capture length = 262144', 'FCS length = 32'])
  const fromPcap = await captureAlike(await writePcap('fcs.pcap', packets, { linkType: 0x2400_0001 }))
  expect(await readInterfaces(fromPcap)).toEqual(['Encapsulation = 1', 'Capture length = 262144', 'FCS length = 32'])
  const copied = await captureAlike(named, { format: 'pcap' })
  expect((await readFile(copied)).readUInt32LE(20)).toBe(0x2400_0001)
  expect(await tshark(copied, '-V', '-c', '1')).toContain('Frame check sequence')
})

foreignTest(
  'kcap keeps packets longer than the snap length, and tcpdump reads its file but not the original',
  async () => {
    const packets = makePackets(120, 1_700_000_000)
    const pcap = await writePcap('short.pcap', packets, { snapLength: 100 })
    const pcapng = path.join(folder(), 'short.pcapng')
    await run('editcap', ['-F', 'pcapng', pcap, pcapng])
    await expect(run(tcpdump, ['-n', '-r', pcapng])).rejects.toThrow('bigger than snaplen of 100')
    for (const stream of [pcap, pcapng]) {
      const file = await captureAlike(stream)
      expect(await readInterfaces(file)).toEqual(['Encapsulation = 1', 'Capture length = 262144'])
      const { stdout } = await run(tcpdump, ['-n', '-r', file, '--count'])
      expect(stdout).toContain(`${packets.length} packets`)
    }
    const afterFirst = 24 + 16 + 64
    expect(await readInterfaces(await captureAlike(pcap, {}, afterFirst))).toEqual([
      ...['Encapsulation = 1', 'Capture length = 100'],
      ...['Encapsulation = 1', 'Capture length = 262144'],
    ])
  },
)
