import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readRecorded } from '../../src/record/read-recorded.ts'
import { makeRecordingParser, type RecordingFrame, type RecordingPosition } from '../../src/share/recording-protocol.ts'
import { failureOf } from '../support/failure.ts'
import { parseBlocks } from '../support/packets.ts'
import { makeRecordedFiles } from '../support/recorded-files.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const parent = await makeTempFolder()
const startMs = Date.UTC(2026, 10, 30, 21)

const record = async (name: string, count: number, length?: number) =>
  await makeRecordedFiles(path.join(parent, name), { count, startMs, ...(length !== undefined && { length }) })

async function readFrames(folder: string, part = {}, after?: RecordingPosition): Promise<RecordingFrame[]> {
  const parser = makeRecordingParser()
  const frames: RecordingFrame[] = []
  let isWhole = false
  for await (const chunks of readRecorded({ folder, part, after, signal: new AbortController().signal }))
    for (const message of chunks.flatMap(parser.push)) {
      if (message.kind === 'frame') frames.push(message)
      isWhole = message.kind === 'end'
    }
  expect(isWhole).toBe(true)
  return frames
}

const joinBytes = (frames: readonly RecordingFrame[]) => Buffer.concat(frames.map(({ bytes }) => bytes))
/** Numbers of the packets in a stream of blocks. */
const numbersOf = (bytes: Buffer) =>
  parseBlocks(bytes).flatMap(({ type, body }) => (type === 6 ? [body.readUInt32BE(20)] : []))

test('without times, an answer has all files byte for byte, in their order', async () => {
  const folder = await record('all', 100)
  const names = (await readdir(folder)).toSorted()
  expect(names.length).toBeGreaterThan(2)
  const files = await Promise.all(names.map((name) => readFile(path.join(folder, name))))
  const frames = await readFrames(folder)
  expect(joinBytes(frames).equals(Buffer.concat(files))).toBe(true)
  expect(numbersOf(joinBytes(frames))).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('with times, an answer has the packets of that time only, and begins with a header', async () => {
  const folder = await record('part', 100)
  const part = { fromMs: startMs + 40_000, toMs: startMs + 60_000 }
  const bytes = joinBytes(await readFrames(folder, part))
  expect(numbersOf(bytes)).toEqual(Array.from({ length: 21 }, (_, i) => 40 + i))
  expect(parseBlocks(bytes)[0]?.type).toBe(0x0a0d0d0a)
})

test('an answer that continues after any frame completes the first', async () => {
  const folder = await record('resumed', 100, 9_000)
  const part = { fromMs: startMs + 10_000, toMs: startMs + 90_000 }
  const frames = await readFrames(folder, part)
  expect(frames.length).toBeGreaterThan(5)
  const whole = joinBytes(frames)
  for (const [i, frame] of frames.entries()) {
    const after = { file: frame.file, offset: frame.offset + frame.bytes.length }
    const rest = joinBytes(await readFrames(folder, part, after))
    expect(Buffer.concat([joinBytes(frames.slice(0, i + 1)), rest]).equals(whole)).toBe(true)
  }
})

test('an answer continues with the next file when the ring has removed the one it stopped in', async () => {
  const folder = await record('removed', 100)
  const frames = await readFrames(folder)
  const [first] = frames
  if (first === undefined) throw new Error('nothing was recorded')
  const names = (await readdir(folder)).toSorted()
  await rm(path.join(folder, names[0] ?? ''))
  const rest = await readFrames(folder, {}, { file: first.file, offset: 1_000 })
  expect(rest[0]).toMatchObject({ file: names[1], offset: 0 })
})

test('a block that is still being written is left out', async () => {
  const folder = await record('growing', 10)
  const [name = ''] = await readdir(folder)
  const file = await readFile(path.join(folder, name))
  await writeFile(path.join(folder, name), file.subarray(0, file.length - 1_500))
  const numbers = numbersOf(joinBytes(await readFrames(folder)))
  expect(numbers).toEqual(Array.from({ length: 9 }, (_, i) => i))
})

test('a folder without a recorder is refused', async () => {
  const folder = path.join(parent, 'none')
  expect(await failureOf(readFrames(folder))).toMatchObject({
    code: 'pod-not-found',
    message: `cannot read "${folder}": nothing is recorded here`,
  })
})
