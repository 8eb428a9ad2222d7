import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { hasPrograms } from '../support/has-program.ts'
import { formatPcap, toPackets } from '../support/packets.ts'
import { makeBlockFormat } from '../support/pcapng-blocks.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** Headers that tcpdump's libpcap reads or refuses; kcap does the same. */
const run = promisify(execFile)
const libpcapTest = test.skipIf(!hasPrograms('tcpdump') && process.env.KCAP_REQUIRE_REAL !== '1')

let folder: string
let libpcap: readonly number[]
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasPrograms('tcpdump')) return
  const { stdout, stderr } = await run('tcpdump', ['--version'])
  libpcap =
    /libpcap version ([\d.]+)/
      .exec(stdout + stderr)?.[1]
      ?.split('.')
      .map(Number) ?? []
})

interface Row {
  readonly name: string
  readonly bytes: Buffer
  /** Set where libpcap has refused it only since then: sf-pcap.c of 1.10.5 looks at `LT_RESERVED1`. */
  readonly refusedSince?: readonly number[]
}

const packets = [{ seconds: 1_700_000_000, nanoseconds: 5_000, data: Buffer.alloc(60, 1), originalLength: 60 }]
const versions = [
  ...[0, 1, 2, 4].map((minor) => [1, minor] as const),
  ...[0, 1, 2, 3, 4, 5].map((minor) => [2, minor] as const),
  ...[0, 4].map((minor) => [3, minor] as const),
  ...[0, 1, 4].map((minor) => [543, minor] as const),
  [0, 0] as const,
]
const sections = [
  [1, 0],
  [1, 1],
  [1, 2],
  [1, 3],
  [0, 0],
  [2, 0],
  [2, 2],
] as const

const rows: Row[] = [true, false].flatMap((littleEndian) => {
  const order = littleEndian ? 'little-endian' : 'big-endian'
  const encoding = { littleEndian, nanosecond: true }
  const format = makeBlockFormat(littleEndian)
  return [
    ...versions.map((version) => ({
      name: `${order} pcap ${version.join('.')}`,
      bytes: formatPcap(packets, { ...encoding, version }),
    })),
    ...Array.from({ length: 16 }, (_, i) => ({
      name: `${order} pcap with bit ${i + 16} of its link type`,
      bytes: formatPcap(packets, { ...encoding, linkType: (1 | (1 << (i + 16))) >>> 0 }),
      ...(i < 10 ? { refusedSince: [1, 10, 5] } : {}),
    })),
    ...sections.map((version) => ({
      name: `${order} pcapng ${version.join('.')}`,
      bytes: Buffer.concat([
        format.section([...version]),
        format.interface(),
        format.enhanced(0, 1_700_000_000_000_005n, Buffer.alloc(60, 1)),
      ]),
    })),
    {
      name: `${order} pcapng with a section header of more than a megabyte`,
      bytes: Buffer.concat([format.block(0x0a0d0d0a, sectionBody(format), Buffer.alloc(2 ** 20)), format.interface()]),
    },
  ]
})

function sectionBody(format: ReturnType<typeof makeBlockFormat>): Buffer {
  return format.section().subarray(8, 24)
}

async function isReadByTcpdump(bytes: Buffer): Promise<boolean> {
  const file = path.join(folder, 'header')
  await writeFile(file, bytes)
  return await run('tcpdump', ['-n', '-r', file]).then(
    () => true,
    () => false,
  )
}

/** Reports whether version `a` is at least `b`. */
function isSince(a: readonly number[], b: readonly number[]): boolean {
  const differing = b.findIndex((part, i) => part !== (a[i] ?? 0))
  return differing < 0 || (a[differing] ?? 0) > (b[differing] as number)
}

libpcapTest.each(rows)('kcap reads or refuses as libpcap does: $name', async ({ bytes, refusedSince }) => {
  const reader = makeCaptureReader('x')
  const read = toPackets(reader.push(bytes))
  const isRefusedByNewer = refusedSince !== undefined && !isSince(libpcap, refusedSince)
  expect(reader.failure === undefined).toBe((await isReadByTcpdump(bytes)) && !isRefusedByNewer)
  if (reader.failure === undefined) expect(read).toEqual(packets)
  else expect(reader.failure.message).toMatch(/ at byte \d+ /)
})

libpcapTest.each([
  { version: [2, 0], swapsLengths: true },
  { version: [2, 2], swapsLengths: true },
  { version: [2, 3], swapsLengths: true },
  { version: [2, 3], swapsLengths: false },
  { version: [2, 4], swapsLengths: false },
  { version: [543, 0], swapsLengths: true },
] as const)(
  'kcap reads the packets that libpcap reads from a pcap of $version, lengths exchanged: $swapsLengths',
  async (form) => {
    const cutPackets = packets.map((packet) => ({ ...packet, originalLength: 1500 }))
    const bytes = formatPcap(cutPackets, { littleEndian: true, nanosecond: false, ...form })
    const [file, copy] = [path.join(folder, 'old.pcap'), path.join(folder, 'copy.pcap')]
    await writeFile(file, bytes)
    await run('tcpdump', ['-r', file, '-w', copy])
    const [ours, theirs] = [bytes, await readFile(copy)].map((pcap) => toPackets(makeCaptureReader('x').push(pcap)))
    expect(ours).toEqual(cutPackets)
    expect(theirs).toEqual(ours)
  },
)
