import { execFileSync } from 'node:child_process'
import { appendFile, rename, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { followKeyLog } from '../../src/session/follow-key-log.ts'
import { passQuietTime } from '../support/quiet-time.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()

const line = (i: number) => `CLIENT_RANDOM ${String(i).padStart(64, '0')} ${'ab'.repeat(48)}\n`

let missing = 0
async function follow(file: string, work: (until: (text: string) => Promise<void>) => Promise<void>) {
  const stop = new AbortController()
  let got = ''
  const done = followKeyLog(file, {
    take: async (lines) => {
      got += lines
    },
    onMissing: () => missing++,
    signal: stop.signal,
  })
  await work(async (text) => {
    await expect.poll(() => got, { timeout: 5_000 }).toBe(text)
  })
  stop.abort()
  await done
  return got
}

test('a key log that appears, grows, rotates and is emptied yields each line once', async () => {
  const file = path.join(folder, 'keys.log')
  missing = 0
  await follow(file, async (until) => {
    await expect.poll(() => missing).toBe(1)
    await writeFile(file, line(1) + line(2).slice(0, 40))
    await until(line(1))
    await appendFile(file, line(2).slice(40))
    await until(line(1) + line(2))
    await rename(file, `${file}.1`)
    await writeFile(file, line(3))
    await until(line(1) + line(2) + line(3))
    await truncate(file)
    // It looks several times a second.
    await passQuietTime()
    await appendFile(file, line(4))
    await until(line(1) + line(2) + line(3) + line(4))
  })
})

test('a line written just before the end of the capture is read', async () => {
  const file = path.join(folder, 'last.log')
  await writeFile(file, line(1))
  const got = await follow(file, async (until) => {
    await until(line(1))
    await appendFile(file, line(2))
  })
  expect(got).toBe(line(1) + line(2))
})

test('a key log that grows while it is read is not taken for an emptied one', async () => {
  const file = path.join(folder, 'growing.log')
  let count = 0
  const more = () => appendFile(file, Array.from({ length: 200 }, () => line(count++)).join(''))
  await more()
  await follow(file, async (until) => {
    for (let i = 0; i < 100; i++) await more()
    await until(Array.from({ length: count }, (_, i) => line(i)).join(''))
  })
})

test('a folder or a FIFO as key log is an error, and a missing key log is reported once', async () => {
  const options = { take: async () => {}, onMissing: () => {}, signal: AbortSignal.timeout(5_000) }
  await expect(followKeyLog(folder, options)).rejects.toThrow('it is no file')
  const fifo = path.join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  await expect(followKeyLog(fifo, options)).rejects.toThrow('it is no file')
  missing = 0
  await follow(path.join(folder, 'never.log'), passQuietTime)
  expect(missing).toBe(1)
})

test('the end of the capture stops a long key log that a slow writer reads', async () => {
  const file = path.join(folder, 'long.log')
  await writeFile(file, Array.from({ length: 20_000 }, (_, i) => line(i)).join(''))
  const stop = new AbortController()
  let taken = 0
  const take = async () => {
    if (++taken === 3) stop.abort()
    await nextTurn()
  }
  await followKeyLog(file, { take, onMissing: () => {}, signal: stop.signal })
  expect(taken).toBeLessThan(6)
})
