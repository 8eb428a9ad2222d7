import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readPrivateFile, writePrivateFile } from '../../src/host/private-file.ts'
import { findUserFolders } from '../../src/host/user-folders.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()

test('a private file and its folder are for this user alone', () => {
  const file = path.join(folder, 'a', 'b', 'names')
  writePrivateFile(file, 'one')
  writePrivateFile(file, 'two')
  expect(readFileSync(file, 'utf8')).toBe('two')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(path.join(folder, 'a')).mode & 0o777).toBe(0o700)
  expect(readdirSync(path.dirname(file))).toEqual(['names'])
})

test('a failed write of a private file leaves no draft', () => {
  const file = path.join(folder, 'taken')
  mkdirSync(path.join(file, 'full'), { recursive: true })
  expect(() => writePrivateFile(file, 'x')).toThrow(/EISDIR|EEXIST|ENOTEMPTY/)
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
})

test('readPrivateFile reads no file that others could have written, no link, FIFO, folder or endless file', () => {
  const file = path.join(folder, 'read')
  writePrivateFile(file, 'mine')
  expect(readPrivateFile(file, 4)).toBe('mine')
  expect(readPrivateFile(file, 3)).toBe(undefined)
  symlinkSync(file, path.join(folder, 'link'))
  expect(readPrivateFile(path.join(folder, 'link'), 100)).toBe(undefined)
  execFileSync('mkfifo', ['-m', '600', path.join(folder, 'fifo')])
  expect(readPrivateFile(path.join(folder, 'fifo'), 100)).toBe(undefined)
  expect(readPrivateFile(folder, 100_000)).toBe(undefined)
  expect(readPrivateFile(path.join(folder, 'gone'), 100)).toBe(undefined)
  chmodSync(file, 0o620)
  expect(readPrivateFile(file, 100)).toBe(undefined)
  if (process.getuid?.() === 0) {
    writeFileSync(path.join(folder, 'theirs'), 'x', { mode: 0o600 })
    execFileSync('chown', ['65534', path.join(folder, 'theirs')])
    expect(readPrivateFile(path.join(folder, 'theirs'), 100)).toBe(undefined)
  }
})

test.each([
  ['linux', { HOME: '/h' }, '/h/.config/kcap', '/h/.cache/kcap'],
  ['linux', { HOME: '/h', XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: '/k' }, '/c/kcap', '/k/kcap'],
  ['linux', { HOME: '/h', XDG_CONFIG_HOME: 'relative', XDG_CACHE_HOME: '' }, '/h/.config/kcap', '/h/.cache/kcap'],
  ['darwin', { HOME: '/h' }, '/h/Library/Application Support/kcap', '/h/Library/Caches/kcap'],
] as const)(
  'on %s with %j settings and cache are in their standard folders',
  (platform, environment, config, cache) => {
    expect(findUserFolders(environment, platform)).toEqual({ home: '/h', config, cache })
  },
)
