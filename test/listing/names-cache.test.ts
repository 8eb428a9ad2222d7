import { chmodSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openNamesCache } from '../../src/listing/names-cache.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const names = {
  pods: [{ namespace: 'shop', pod: 'orders-6c9f' }],
  hasMore: true,
  namespaces: ['shop', 'staging'],
  ownNamespace: 'shop',
}
const fileIn = (cache: string) => path.join(cache, 'names', readdirSync(path.join(cache, 'names'))[0] ?? '')

test('the names cache returns what was written, by the same key only, and is for this user alone', () => {
  const cache = path.join(folder, 'a')
  const known = { names, answeredInMs: 120 }
  openNamesCache(cache).write('key', known)
  expect(openNamesCache(cache).read('key')).toEqual(known)
  expect(openNamesCache(cache).read('other')).toBe(undefined)
  expect(statSync(fileIn(cache)).mode & 0o777).toBe(0o600)
  expect(statSync(path.dirname(fileIn(cache))).mode & 0o777).toBe(0o700)
})

test('the names cache keeps services, workloads and nodes where they were requested, and drops invalid names', () => {
  const cache = path.join(folder, 'f')
  const { read, write } = openNamesCache(cache)
  const objects = [
    { kind: 'svc', namespace: 'shop', name: 'orders' },
    { kind: 'node', namespace: '', name: 'worker-1' },
  ] as const
  write('key', { names: { ...names, objects }, answeredInMs: 1 })
  expect(read('key')?.names?.objects).toEqual(objects)
  const hostile = ['shop/svc/ok', 'shop/node/x', '/svc/x', 'shop/cm/x', 'shop/svc/$(x)', 'shop/svc/a/b', 7]
  writeFileSync(fileIn(cache), JSON.stringify({ names: { ...names, pods: [], objects: hostile } }))
  expect(read('key')?.names?.objects).toEqual([{ kind: 'svc', namespace: 'shop', name: 'ok' }])
})

test('the names cache keeps records, and drops names that no record has', () => {
  const cache = path.join(folder, 'g')
  const { read, write } = openNamesCache(cache)
  const records = [{ namespace: 'shop', name: 'orders-7f3a' }]
  write('key', { names: { ...names, records }, answeredInMs: 1 })
  expect(read('key')?.names?.records).toEqual(records)
  writeFileSync(
    fileIn(cache),
    JSON.stringify({ names: { ...names, pods: [], records: ['shop/ok', 'shop/$(x)', 'x', 7] } }),
  )
  expect(read('key')?.names?.records).toEqual([{ namespace: 'shop', name: 'ok' }])
})

test('the names cache remembers a cluster that never answered', () => {
  const cache = path.join(folder, 'b')
  openNamesCache(cache).write('key', { names: undefined, answeredInMs: undefined })
  expect(openNamesCache(cache).read('key')).toEqual({ names: undefined, answeredInMs: undefined })
})

test('the names cache ignores files that others could have written, or that are no cache', () => {
  const cache = path.join(folder, 'c')
  const { read, write } = openNamesCache(cache)
  write('key', { names, answeredInMs: 1 })
  const good = readFileSync(fileIn(cache), 'utf8')
  chmodSync(fileIn(cache), 0o666)
  expect(read('key')).toBe(undefined)
  chmodSync(fileIn(cache), 0o600)
  for (const text of ['', 'null', '{', '[]', good.slice(0, -5)]) {
    writeFileSync(fileIn(cache), text)
    expect(read('key')?.names, text).toBe(undefined)
  }
})

test('the names cache omits names that no cluster can have', () => {
  const cache = path.join(folder, 'd')
  const { read, write } = openNamesCache(cache)
  write('key', { names, answeredInMs: 1 })
  const hostile = ['shop/ok', 'shop/A', 'a/b/c', '../x', 'shop/}{x=1', 7, null]
  const text = { names: { ...names, pods: hostile, namespaces: ['ok', 'A b', 3] } }
  writeFileSync(fileIn(cache), JSON.stringify(text))
  expect(read('key')?.names).toEqual({ ...names, pods: [{ namespace: 'shop', pod: 'ok' }], namespaces: ['ok'] })
})

test('the names cache removes clusters not listed for a month, and drafts of killed writers', () => {
  const cache = path.join(folder, 'e')
  const { write, sweep } = openNamesCache(cache)
  write('old', { names, answeredInMs: 1 })
  const old = fileIn(cache)
  const draft = path.join(path.dirname(old), '.draft.1-0')
  writeFileSync(draft, '')
  const longAgo = (days: number) => Date.now() / 1000 - days * 86_400
  utimesSync(old, longAgo(31), longAgo(31))
  utimesSync(draft, longAgo(1), longAgo(1))
  write('new', { names, answeredInMs: 1 })
  sweep()
  expect(readdirSync(path.dirname(old)).length).toBe(1)
})

test('a names cache in a read-only folder causes no error', () => {
  const { read, write, sweep } = openNamesCache('/dev/null/cache')
  write('key', { names, answeredInMs: 1 })
  sweep()
  expect(read('key')).toBe(undefined)
})
