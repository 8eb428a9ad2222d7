import { appendFile, rename, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { followKeyLog } from '../../src/session/follow-key-log.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

const line = (i: number) => `CLIENT_RANDOM ${String(i).padStart(64, '0')} ${'ab'.repeat(48)}\n`

async function follow(file: string, work: (until: (text: string) => Promise<void>) => Promise<void>) {
  const stop = new AbortController()
  let got = ''
  const done = followKeyLog(file, {
    take: (lines) => {
      got += lines
    },
    signal: stop.signal,
  })
  await work(async (text) => {
    for (let i = 0; i < 100 && got !== text; i++) await sleep(20)
    expect(got).toBe(text)
  })
  stop.abort()
  await done
  return got
}

test('a file that comes, grows, is renamed away, and is emptied is read line by line, each once', async () => {
  const file = path.join(folder, 'keys.log')
  await follow(file, async (until) => {
    await sleep(150)
    await writeFile(file, line(1) + line(2).slice(0, 40))
    await until(line(1))
    await appendFile(file, line(2).slice(40))
    await until(line(1) + line(2))
    await rename(file, `${file}.1`)
    await writeFile(file, line(3))
    await until(line(1) + line(2) + line(3))
    await truncate(file)
    await sleep(250)
    await appendFile(file, line(4))
    await until(line(1) + line(2) + line(3) + line(4))
  })
})

test('what was written just before the end is read', async () => {
  const file = path.join(folder, 'last.log')
  await writeFile(file, line(1))
  const got = await follow(file, async (until) => {
    await until(line(1))
    await appendFile(file, line(2))
  })
  expect(got).toBe(line(1) + line(2))
})
