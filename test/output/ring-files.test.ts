import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { findRingNumber, makeRingFiles, type RingOptions } from '../../src/output/ring-files.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await makeTempFolder()
})

function makeRing(more: Partial<RingOptions> = {}) {
  const removed: string[] = []
  const ring = makeRingFiles({
    file: path.join(folder, 'orders.pcapng'),
    maxFiles: undefined,
    overwrite: false,
    onRemoved: (file) => removed.push(path.basename(file)),
    now: () => new Date(2026, 10, 22, 10, 15, 30),
    ...more,
  })
  const writeFile = async (...lengths: readonly number[]) => {
    const output = await ring.openNext()
    for (const length of lengths) {
      await output.write(Buffer.alloc(length))
      largest = Math.max(largest, await sumOfFiles())
    }
    await output.close()
  }
  let largest = 0
  return { ring, removed, writeFile, largest: () => largest }
}

async function sumOfFiles(): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

const nameOf = (number: number) => `orders_${String(number).padStart(5, '0')}_20261122101530.pcapng`
const names = async () => (await readdir(folder)).sort()

test('a ring never exceeds its limit, not even for a moment, and removes its oldest files', async () => {
  const { writeFile, removed, largest } = makeRing({ keepBytes: 1_000, fileBytes: 300 })
  for (let i = 0; i < 6; i++) await writeFile(100, 100, 100)
  expect(largest()).toBeLessThanOrEqual(1_000)
  expect(await names()).toEqual([4, 5, 6].map(nameOf))
  expect(removed).toEqual([1, 2, 3].map(nameOf))
})

test('a write that is longer than a file removes more files before it', async () => {
  const { writeFile, largest } = makeRing({ keepBytes: 1_000, fileBytes: 100 })
  for (let i = 0; i < 9; i++) await writeFile(100)
  await writeFile(600)
  expect(largest()).toBeLessThanOrEqual(1_000)
  expect(await names()).toEqual([6, 7, 8, 9, 10].map(nameOf))
})

test('files of an earlier run count against the limit, go first, and the numbers continue', async () => {
  const earlier = makeRing()
  await earlier.writeFile(400)
  await earlier.writeFile(400)
  const adopted = [1, 2].map((number) => ({ path: path.join(folder, nameOf(number)), number, bytes: 400 }))
  const { writeFile, ring } = makeRing({ keepBytes: 1_000, fileBytes: 300, adopted })
  expect(ring.paths).toEqual(adopted.map(({ path }) => path))
  await writeFile(300)
  expect(await names()).toEqual([2, 3].map(nameOf))
})

test('the caller may spare a file, and a released file is no loss', async () => {
  const spared = path.join(folder, nameOf(1))
  const { writeFile, ring, removed } = makeRing({
    maxFiles: 2,
    chooseRemoved: (files) => files.find((file) => file !== spared),
  })
  for (let i = 0; i < 3; i++) await writeFile(10)
  expect([await names(), removed]).toEqual([[nameOf(1), nameOf(3)], [nameOf(2)]])
  await ring.release(spared)
  expect([await names(), removed, ring.paths]).toEqual([[nameOf(3)], [nameOf(2)], [path.join(folder, nameOf(3))]])
})

test.each([
  ['orders_00012_20261122101530.pcapng', 12],
  ['orders_123456_20261122101530.pcapng', 123_456],
  ['orders_00012_2026112210153.pcapng', undefined],
  ['orders_00012_20261122101530.pcapng.json', undefined],
  ['orders_x_00012_20261122101530.pcapng', undefined],
  ['orders_00012_20261122101530.pcap', undefined],
])('of the ring orders.pcapng, the file %s has the number %s', (name, number) => {
  expect(findRingNumber('orders.pcapng', name)).toBe(number)
})
