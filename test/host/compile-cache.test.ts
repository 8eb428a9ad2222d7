import { chmodSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sweepCompileCache, useCompileCache } from '../../src/host/compile-cache.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

// Node 20 has none.
const real = nodeModule as { enableCompileCache?: (folder: string) => unknown }
const before = real.enableCompileCache
const enabled = vi.fn()
let compiled: string
beforeEach(async () => {
  const cache = await makeTempFolder()
  compiled = path.join(cache, 'kcap/compiled')
  vi.stubEnv('XDG_CACHE_HOME', cache)
  real.enableCompileCache = enabled.mockReset()
})
afterEach(() => {
  vi.unstubAllEnvs()
  if (before === undefined) delete real.enableCompileCache
  else real.enableCompileCache = before
})

test('the compile cache is in a folder that only this user can access', () => {
  useCompileCache()
  expect(enabled.mock.calls).toEqual([[compiled]])
  expect(statSync(compiled).mode & 0o777).toBe(0o700)
})

test('compiled code that others could have written does not run', () => {
  mkdirSync(compiled, { recursive: true })
  chmodSync(compiled, 0o777)
  useCompileCache()
  expect(enabled).not.toHaveBeenCalled()
})

test.runIf(process.platform === 'linux')('where no folder can be made, there is no compile cache', () => {
  vi.stubEnv('XDG_CACHE_HOME', '/proc/none')
  useCompileCache()
  expect(enabled).not.toHaveBeenCalled()
})

test('a Node without a compile cache causes no error', () => {
  delete real.enableCompileCache
  useCompileCache()
  expect(existsSync(compiled)).toBe(false)
})

test('compiled code of a month ago is removed, also the folder of a removed Node', () => {
  const [gone, used] = ['v22.8.0-x64-1', 'v24.0.0-x64-1'].map((name) => path.join(compiled, name))
  for (const folder of [gone, used] as [string, string]) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'old'), '')
    utimesSync(path.join(folder, 'old'), 1, 1)
  }
  writeFileSync(path.join(used as string, 'new'), '')
  sweepCompileCache()
  expect(existsSync(gone as string)).toBe(false)
  expect([existsSync(path.join(used as string, 'old')), existsSync(path.join(used as string, 'new'))]).toEqual([
    false,
    true,
  ])
})
