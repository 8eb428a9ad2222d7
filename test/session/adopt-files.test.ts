import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { adoptFiles } from '../../src/session/adopt-files.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'
import { failureOf } from '../support/failure.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'
import { countPackets, makeRun } from '../support/packets.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
let base: string
beforeEach(async () => {
  folder = await makeTempFolder()
  base = path.join(folder, 'ring.pcapng')
})

async function makeFile(number: number, packets: number): Promise<string> {
  const output = makeMemoryOutput()
  const writer = makePcapngWriter(output, { application: 'kcap', os: '', comment: '', filter: '' })
  await writer.addInterface({ name: 'a', description: '', header: { linkType: 1, snapLength: 100 } })
  await writer.writeRuns([makeRun(packets, { length: 50 })])
  await writer.finish([])
  const file = path.join(folder, `ring_${String(number).padStart(5, '0')}_20261122101530.pcapng`)
  await writeFile(file, output.bytes())
  return file
}

test('the files of an earlier run come oldest first, and the newest is cut to its whole blocks', async () => {
  const [second, first] = [await makeFile(12, 4), await makeFile(9, 2)]
  await writeFile(path.join(folder, 'ring.pcapng'), 'another')
  const { size } = await stat(second)
  await truncate(second, size - 1)
  const adopted = await adoptFiles(base)
  expect(adopted.map(({ path, number }) => [path, number])).toEqual([
    [first, 9],
    [second, 12],
  ])
  expect(adopted.map(({ bytes }) => bytes)).toEqual([(await stat(first)).size, (await stat(second)).size])
  expect(countPackets(await readFile(second))).toBe(3)
})

test('a newest file without a whole header is removed', async () => {
  await makeFile(1, 1)
  const second = await makeFile(2, 1)
  await truncate(second, 20)
  expect((await adoptFiles(base)).map(({ number }) => number)).toEqual([1])
  expect(await readdir(folder)).toEqual(['ring_00001_20261122101530.pcapng'])
})

test("a folder that is missing is 'output-folder-missing'", async () => {
  const error = await failureOf(adoptFiles(path.join(folder, 'none', 'ring.pcapng')))
  expect([error.code, error.exitCode]).toEqual(['output-folder-missing', 7])
})
