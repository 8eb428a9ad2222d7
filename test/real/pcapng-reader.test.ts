import { execFile, execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { hasPrograms } from '../support/has-program.ts'
import { formatPcap, type PlainPacket } from '../support/packets.ts'
import { cut, readPcapng } from '../support/pcapng-blocks.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { tshark } from './lab.ts'

const run = promisify(execFile)
const programs = ['tshark', 'editcap', 'mergecap', 'dumpcap']
const missing = programs.filter((name) => !hasPrograms(name))
const wiresharkTest = test.skipIf(missing.length > 0 && process.env.KCAP_REQUIRE_REAL !== '1')
if (missing.length > 0) console.log(`tests against Wireshark's own pcapng need: ${missing.join(', ')}`)

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Packets of all lengths, at times up to the last nanosecond of a second. */
function makePackets(count: number, firstSeconds: number): PlainPacket[] {
  return Array.from({ length: count }, (_, i) => ({
    seconds: firstSeconds + (i >> 2),
    nanoseconds: [0, 1, 500_000_000, 999_999_999][i & 3] as number,
    data: Buffer.alloc(14 + ((i * 37) % 1500), i),
    originalLength: 14 + ((i * 37) % 1500) + (i % 3) * 100,
  }))
}

async function writePcap(name: string, packets: readonly PlainPacket[], linkType: number): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, formatPcap(packets, { littleEndian: false, nanosecond: true, linkType }))
  return file
}

/** Expects kcap to read from a file, cut anyhow, what tshark reads from it; gives kcap's interfaces and the count of packets. */
async function compareWithTshark(file: string) {
  const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.interface_id']
  const output = await tshark(file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
  const theirs = output.trimEnd().split('\n')
  const bytes = await readFile(file)
  for (const places of [[], Array.from({ length: 500 }, (_, i) => i * 7919)]) {
    const { reader, packets } = readPcapng(cut(bytes, places))
    const ours = packets.map(({ interfaceId, seconds, nanoseconds, data, originalLength }) => {
      const time = `${seconds}.${String(nanoseconds).padStart(9, '0')}`
      return [time, originalLength, data.length, interfaceId].join('\t')
    })
    expect(ours).toEqual(theirs)
    expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
  }
  const { reader } = readPcapng([bytes])
  return { interfaces: reader.interfaces, statistics: reader.statistics, count: theirs.length }
}

wiresharkTest('a pcapng of editcap, with comments, cut packets and secrets, reads as in tshark', async () => {
  const pcap = await writePcap('ethernet.pcap', makePackets(300, 1_700_000_000), 1)
  const keys = path.join(folder, 'keys.log')
  await writeFile(keys, `CLIENT_RANDOM ${'00'.repeat(32)} ${'11'.repeat(48)}\n`)
  const file = path.join(folder, 'editcap.pcapng')
  const options = ['-s', '400', '-a', '1:a comment', '--inject-secrets', `tls,${keys}`]
  await run('editcap', ['-F', 'pcapng', ...options, pcap, file])
  expect(await compareWithTshark(file)).toMatchObject({ interfaces: [{ linkType: 1 }], count: 300 })
})

wiresharkTest('a pcapng of editcap from microseconds reads as in tshark', async () => {
  const file = path.join(folder, 'microseconds.pcapng')
  const packets = makePackets(50, 1_600_000_000)
  const pcap = path.join(folder, 'microseconds.pcap')
  await writeFile(pcap, formatPcap(packets, { littleEndian: true, nanosecond: false }))
  await run('editcap', ['-F', 'pcapng', pcap, file])
  expect((await compareWithTshark(file)).count).toBe(50)
})

wiresharkTest('a pcapng of mergecap with two link types reads as in tshark', async () => {
  const ethernet = await writePcap('a.pcap', makePackets(100, 1_700_000_000), 1)
  const cooked = await writePcap('b.pcap', makePackets(120, 1_700_000_003), 113)
  const file = path.join(folder, 'mergecap.pcapng')
  await run('mergecap', ['-F', 'pcapng', '-w', file, ethernet, cooked])
  const { interfaces, count } = await compareWithTshark(file)
  expect(interfaces.map(({ linkType }) => linkType)).toEqual([1, 113])
  expect(count).toBe(220)
})

wiresharkTest('two concatenated pcapng files read as their sections do in tshark', async () => {
  const pcap = await writePcap('section.pcap', makePackets(30, 1_700_000_000), 1)
  const single = path.join(folder, 'single.pcapng')
  await run('editcap', ['-F', 'pcapng', pcap, single])
  const file = path.join(folder, 'sections.pcapng')
  await writeFile(file, Buffer.concat([await readFile(single), await readFile(single)]))
  const fields = ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.section_number', '-e', 'frame.len']
  const { packets } = readPcapng([await readFile(file)])
  const ours = packets.map(({ interfaceId, seconds, nanoseconds, originalLength }) =>
    [`${seconds}.${String(nanoseconds).padStart(9, '0')}`, interfaceId + 1, originalLength].join('\t'),
  )
  expect(ours).toEqual((await tshark(file, ...fields)).trimEnd().split('\n'))
})

function canCapture(): boolean {
  try {
    return /\blo\b/.test(execFileSync('dumpcap', ['-D'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return false
  }
}

const captureTest = canCapture() ? wiresharkTest : test.skip

captureTest('the pipe output of dumpcap reads as the file does in tshark', async () => {
  const child = spawn('dumpcap', ['-i', 'lo', '-f', 'udp port 9', '-a', 'packets:20', '-w', '-'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const socket = createSocket('udp4')
  const timer = setInterval(() => socket.send(Buffer.alloc(40), 9, '127.0.0.1'), 20)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) chunks.push(chunk)
  clearInterval(timer)
  socket.close()
  const file = path.join(folder, 'dumpcap.pcapng')
  await writeFile(file, Buffer.concat(chunks))
  const { interfaces, statistics, count } = await compareWithTshark(file)
  expect(interfaces).toMatchObject([{ linkType: 1, name: 'lo' }])
  expect(count).toBe(20)
  expect(statistics[0]?.received).toBeGreaterThanOrEqual(20)
  expect(statistics[0]?.dropped).toBe(0)
})
