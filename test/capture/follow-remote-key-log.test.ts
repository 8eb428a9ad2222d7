import { appendFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { followRemoteKeyLog } from '../../src/capture/follow-remote-key-log.ts'
import { startProgramProcess } from '../../src/host/program-process.ts'
import type { Route } from '../../src/route/route.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()

const line = (i: number) => `CLIENT_RANDOM ${i.toString(16).padStart(64, '0')} ${'ab'.repeat(48)}\n`

/** Follows a file through a route to this machine, where programs are found in PATH. */
function follow(file: string, PATH = process.env.PATH) {
  const route = {
    start: (argv: readonly [string, ...string[]]) =>
      startProgramProcess({
        argv,
        environment: { PATH },
        explainEnd: ({ exitCode = 1 }) => ({ kind: 'exited', code: exitCode }),
      }),
  } as unknown as Route
  const stop = new AbortController()
  afterThisTest.add(() => stop.abort())
  let taken = ''
  let hasBegun = false
  const ended = followRemoteKeyLog(route, {
    path: file,
    take: async (lines) => {
      taken += lines
    },
    onBegun: () => {
      hasBegun = true
    },
    signal: stop.signal,
  })
  return { ended, stop, taken: () => taken, hasBegun: () => hasBegun }
}

test('a remote key log is read from its first line, then as it grows, in whole lines', async () => {
  const file = path.join(folder, 'grows.log')
  await writeFile(file, line(1))
  const { ended, stop, taken, hasBegun } = follow(file)
  await expect.poll(taken, { timeout: 10_000 }).toBe(line(1))
  expect(hasBegun()).toBe(true)
  await appendFile(file, line(2) + line(3).slice(0, 50))
  await expect.poll(taken, { timeout: 10_000 }).toBe(line(1) + line(2))
  stop.abort()
  expect(await ended).toBeUndefined()
})

test('a remote key log that does not exist yet is read when it comes', async () => {
  const file = path.join(folder, 'late.log')
  const { taken, hasBegun } = follow(file)
  await expect.poll(hasBegun, { timeout: 10_000 }).toBe(true)
  await writeFile(file, line(4))
  await expect.poll(taken, { timeout: 10_000 }).toBe(line(4))
})

test('a remote host without tail is the reason that no keys come', async () => {
  // The supervisor's own shell is there, and no other program.
  await symlink('/bin/sh', path.join(folder, 'sh'))
  const { ended } = follow(path.join(folder, 'none.log'), folder)
  expect(await ended).toBe('there is no "tail"')
})
