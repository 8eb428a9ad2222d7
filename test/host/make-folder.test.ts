import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { makeFolder } from '../../src/host/make-folder.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let place: string
beforeAll(async () => {
  place = await makeTempFolder()
})

function failureOf(folder: string): string | undefined {
  try {
    makeFolder(folder)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

test('makeFolder makes a folder and its parents for the owner only, and keeps an existing folder', () => {
  const folder = path.join(place, 'a/b/c')
  makeFolder(folder)
  makeFolder(folder)
  for (const each of [folder, path.dirname(folder)]) expect(statSync(each).mode & 0o777).toBe(0o700)
  mkdirSync(path.join(folder, 'd'))
  expect(failureOf(path.join(folder, 'd/e'))).toBe(undefined)
})

test('makeFolder makes no folder under a file', () => {
  const file = path.join(place, 'file')
  writeFileSync(file, '')
  expect(failureOf(path.join(file, 'x/y'))).toBe('ENOTDIR')
})

test('makeFolder makes no folder under a dangling link', () => {
  const link = path.join(place, 'link')
  symlinkSync(path.join(place, 'nowhere'), link)
  expect(failureOf(path.join(link, 'x/y'))).toBe('ENOENT')
})

test.runIf(process.platform === 'linux')('makeFolder reports a folder that it cannot make in an existing one', () => {
  expect(failureOf('/proc/x/y')).toBe('ENOENT')
})
