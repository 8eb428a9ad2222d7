import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const demo = await openDemoFixture({ packetsPerSecond: 2_000 })
const kubeconfig = await demo.kubeconfig()
let folder: string
beforeEach(async () => {
  folder = await makeTempFolder()
})

async function capture(...words: string[]) {
  const file = words.includes('pcap') ? 'orders.pcap' : 'orders.pcapng'
  const run = await runCliHere(['svc/orders', '-n', 'prod', '-o', path.join(folder, file), ...words], {
    KUBECONFIG: kubeconfig,
  })
  const names = (await readdir(folder)).sort()
  const files = await Promise.all(names.map(async (name) => await readFile(path.join(folder, name))))
  return { ...run, names, files }
}

const countPackets = (file: Buffer) => parseBlocks(file).filter(({ type }) => type === 6).length

describe('a capture over several files', () => {
  test('has files of the wanted size, named as by dumpcap, each complete by itself, and every packet once', async () => {
    const { code, stderr, names, files } = await capture('--count', '2000', '--rotate-size', '100kB')
    expect([code, stderr]).toEqual([0, expect.stringContaining(`(${names.length} files) in `)])
    expect(names.length).toBeGreaterThan(2)
    for (const [i, name] of names.entries())
      expect(name).toMatch(new RegExp(`^orders_${String(i + 1).padStart(5, '0')}_20\\d{12}\\.pcapng$`))
    for (const [i, file] of files.entries()) {
      const types = parseBlocks(file).map(({ type }) => type)
      const interfaces = types.filter((type) => type === 1).length
      expect(types[0]).toBe(0x0a0d0d0a)
      const used = new Set(parseBlocks(file).flatMap(({ type, body }) => (type === 6 ? [body.readUInt32LE(0)] : [])))
      expect(interfaces).toBe(used.size)
      expect(types.filter((type) => type === 5).length).toBe(interfaces)
      expect(types.indexOf(1)).toBe(1)
      expect(types.indexOf(4)).toBeGreaterThan(1)
      expect(types.indexOf(4)).toBeLessThan(types.indexOf(6))
      expect(types).toContain(4)
      const statistics = parseBlocks(file).filter(({ type }) => type === 5)
      const delivered = statistics.map((block) => Number(block.options(12).get(8)?.[0]?.readBigUInt64LE()))
      expect(delivered.reduce((sum, count) => sum + count, 0)).toBe(countPackets(file))
      expect(file.length).toBeLessThanOrEqual(100_000)
      if (i < files.length - 1) expect(file.length).toBeGreaterThan(98_000)
    }
    expect(files.reduce((sum, file) => sum + countPackets(file), 0)).toBe(2_000)
  })

  test('keeps the newest of them', async () => {
    const words = ['--count', '2000', '--rotate-size', '64kB', '--rotate-files', '2']
    const { code, stderr, names, files } = await capture(...words)
    expect(code).toBe(0)
    const kept = files.reduce((sum, file) => sum + countPackets(file), 0)
    const bytes = files.reduce((sum, { length }) => sum + length, 0)
    expect(stderr).toContain(`kcap: ${kept} packets, ${(bytes / 1000).toFixed(1)} kB written to `)
    expect(stderr).toContain(
      `kcap: ${(2_000 - kept).toLocaleString('en')} earlier packets were removed with the oldest files\n`,
    )
    expect(names.length).toBe(2)
    expect(Number(names[0]?.slice(7, 12))).toBeGreaterThan(2)
  })

  test('never exceeds the size of --keep, and keeps the newest packets', async () => {
    const sizes: number[] = []
    const measure = async () => {
      const entries = await readdir(folder)
      const found = await Promise.all(
        entries.map(async (name) => (await stat(path.join(folder, name)).catch(() => ({ size: 0 }))).size),
      )
      sizes.push(found.reduce((sum, size) => sum + size, 0))
    }
    const timer = setInterval(() => void measure(), 10)
    const { code, stderr, names, files } = await capture('--count', '8000', '--keep', '1MB')
    clearInterval(timer)
    expect(code).toBe(0)
    expect(sizes.length).toBeGreaterThan(20)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000)
    for (const file of files) expect(file.length).toBeLessThanOrEqual(125_000)
    expect(Number(names[0]?.slice(7, 12))).toBeGreaterThan(1)
    const kept = files.reduce((sum, file) => sum + countPackets(file), 0)
    expect(stderr).toContain(
      `kcap: ${(8_000 - kept).toLocaleString('en')} earlier packets were removed with the oldest files\n`,
    )
  })

  test('goes on with another after a time', async () => {
    const { code, names, files } = await capture('--duration', '3', '--rotate-time', '1s')
    expect(code).toBe(0)
    expect([3, 4]).toContain(names.length)
    for (const file of files.slice(0, -1)) expect(countPackets(file)).toBeGreaterThan(100)
  })

  test('can be pcaps', async () => {
    const { code, names } = await capture('--count', '1000', '--rotate-size', '64kB', '--format', 'pcap')
    expect(code).toBe(0)
    expect(names.length).toBeGreaterThan(1)
    for (const name of names) expect((await stat(path.join(folder, name))).size).toBeLessThanOrEqual(64_000)
  })
})

test.each([
  [
    ['-o', '-', '--rotate-size', '1MB'],
    'cannot use --rotate-size: only files can follow each other, and standard output is one stream',
  ],
  [
    ['-o', '/tmp/x.pcapng', '--rotate-size', '63kB'],
    'cannot use --rotate-size: 63kB is less than 64kB, and each file begins with names and keys',
  ],
  [['--rotate-files', '3'], 'cannot use --rotate-files: nothing says when a file is full'],
  [
    ['-o', '-', '--keep', '1GB'],
    'cannot use --keep: only files can follow each other, and standard output is one stream',
  ],
  [['--keep', '999kB'], 'cannot use --keep: 999kB is less than 1MB, and a single packet may have 262 kB'],
  [
    ['--keep', '1MB', '--rotate-size', '501kB'],
    'cannot use --rotate-size: 501kB is more than half of --keep 1MB, and the ring would lose most packets with each file',
  ],
  [
    ['--to', 's3://traces', '--rotate-size', '600MB'],
    'cannot use --rotate-size: 600MB is more than half of the 1GB of --keep, and the ring would lose most packets with each file',
  ],
  [
    ['--keep', '10MB', '--rotate-size', '1MB', '--rotate-files', '11'],
    'cannot use --rotate-files: 11 files of 1MB are more than --keep 10MB',
  ],
  [
    ['--rotate-size', '1MB', '--rotate-files', '0'],
    'cannot use --rotate-files "0": it is a whole number from 1 to 100000',
  ],
])('%j is wrong usage', async (words, message) => {
  const { code, stderr } = await runCliHere(['prod/orders-6c9f', ...words], { KUBECONFIG: kubeconfig })
  expect([code, stderr.split('\n')[0]]).toEqual([2, `kcap: error: ${message}`])
})
