import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { markProcess } from '../../src/host/process-mark.ts'
import { findAbandonedFolders, makeWaitingFolder } from '../../src/host/waiting-folder.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test('the folder is in TMPDIR, else in the cache, and only this user can enter it', async () => {
  const base = await makeTempFolder()
  const inTemp = makeWaitingFolder({ TMPDIR: base, XDG_CACHE_HOME: '/nonexistent' })
  expect(path.dirname(inTemp)).toBe(base)
  const inCache = makeWaitingFolder({ XDG_CACHE_HOME: base })
  expect(path.dirname(inCache)).toBe(path.join(base, 'kcap', 'waiting'))
  expect(statSync(inCache).mode & 0o77).toBe(0)
})

test('the folders of ended processes are found, and those of running ones are not', async () => {
  const base = await makeTempFolder()
  makeWaitingFolder({ TMPDIR: base })
  const [machine] = markProcess().split('.')
  const ended = path.join(base, `kcap-waiting.${machine}.999999999.1.abcdef`)
  mkdirSync(ended)
  mkdirSync(path.join(base, 'kcap-waiting.00000000.1.1.abcdef'))
  mkdirSync(path.join(base, 'other'))
  expect(findAbandonedFolders({ TMPDIR: base })).toEqual([ended])
  expect(findAbandonedFolders({ TMPDIR: '/nonexistent' })).toEqual([])
})
