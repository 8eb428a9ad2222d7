import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { findProgram, hasProgram, lookUpProgram } from '../../src/host/find-program.ts'
import { runProgram } from '../../src/host/run-program.ts'
import { startDetached, startProgram } from '../../src/host/start-program.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
  await mkdir(path.join(folder, 'good'))
  for (const name of ['tool', 'good/tool']) {
    await writeFile(path.join(folder, name), `#!/bin/sh\necho ran ${name}\n`)
    await chmod(path.join(folder, name), 0o755)
  }
  await writeFile(path.join(folder, 'plain'), 'x')
  await mkdir(path.join(folder, 'folders/tool'), { recursive: true })
})

/** Lives in the folder with the planted `tool` for the test. */
function enterFolder(): void {
  const before = process.cwd()
  process.chdir(folder)
  afterThisTest.add(() => process.chdir(before))
}

const missing = 'there is no such program on PATH'
const relative = (entry: string) =>
  `PATH leads to it through the relative folder "${entry}", and kcap runs nothing from there`

test.each([
  ['.', relative('.')],
  ['', missing],
  [undefined, missing],
  [':/usr/bin', relative('.')],
  ['/usr/bin:', relative('.')],
  ['/usr/bin::/bin', relative('.')],
  ['./:/usr/bin', relative('./')],
  ['good:/usr/bin', relative('good')],
  ['.:@/good', relative('.')],
  ['/usr/bin:/bin', missing],
])('PATH %j finds no program of the current folder', async (PATH, state) => {
  enterFolder()
  const environment = { PATH: PATH?.replace('@', folder) }
  expect(await lookUpProgram('tool', environment)).toEqual({ file: undefined, state, isMissing: true })
  expect(await hasProgram('tool', environment)).toBe(false)
})

test('findProgram skips a folder of that name and a file that is not executable', async () => {
  const environment = { PATH: ['folders', 'good'].map((name) => path.join(folder, name)).join(':') }
  expect(await findProgram('tool', environment)).toBe(path.join(folder, 'good/tool'))
  expect(await findProgram('plain', { PATH: folder })).toBeUndefined()
})

test('a name with a folder in it is that file, whatever PATH is', async () => {
  enterFolder()
  expect(await findProgram('./tool', { PATH: '' })).toBe(path.join(folder, 'tool'))
  expect(await lookUpProgram('./nope', {})).toMatchObject({ state: 'there is no such file' })
  expect(await lookUpProgram('./plain', {})).toMatchObject({ state: 'it may not be executed', isMissing: false })
  expect(await lookUpProgram('', {})).toMatchObject({ state: 'it has no name' })
})

test('no program that kcap starts by name comes from the current folder', async () => {
  enterFolder()
  const environment = { PATH: `.:${folder}/good` }
  const run = await runProgram(['tool'], { environment, timeoutMs: 5_000 })
  expect(run).toMatchObject({ stdout: '', isMissing: true, startFailure: relative('.') })
  await expect(startProgram(['tool'], environment)).rejects.toMatchObject({ code: 'ENOENT', message: relative('.') })
  await expect(startDetached(['tool'], 'ignore', environment)).rejects.toMatchObject({ code: 'ENOENT' })
  const good = await runProgram(['tool'], { environment: { PATH: `${folder}/good:.` }, timeoutMs: 5_000 })
  expect(good.stdout).toBe('ran good/tool')
})
