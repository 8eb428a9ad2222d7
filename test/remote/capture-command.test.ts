import { expect, test } from 'vitest'
import { listTcpdumpFeatures, makeTcpdumpArgv } from '../../src/remote/capture-command.ts'
import { makeCleanupArgv } from '../../src/remote/cleanup-script.ts'

const options = { interfaceName: 'any', filter: '', filterExpressions: [], compression: 'auto' as const }

test.each([
  [0, false],
  [1, true],
  [512, true],
  [513, false],
  [262_144, false],
])('with a snap length of %i tcpdump runs in immediate mode: %s', (snapLength, isImmediate) => {
  const capture = { ...options, snapLength }
  const [first, ...older] = listTcpdumpFeatures(capture).map((features) => makeTcpdumpArgv(capture, features))
  expect(first).toContain('--time-stamp-precision=nano')
  expect(first?.includes('--immediate-mode')).toBe(isImmediate)
  expect(older.filter((argv) => argv.includes('--immediate-mode'))).toEqual([])
})

test('older versions of tcpdump get fewer options, and the oldest gets neither', () => {
  const capture = { ...options, snapLength: 96 }
  const argvs = listTcpdumpFeatures(capture).map((features) => makeTcpdumpArgv(capture, features))
  expect(argvs.map((argv) => argv.filter((word) => word.startsWith('--')))).toEqual([
    ['--time-stamp-precision=nano', '--immediate-mode'],
    ['--time-stamp-precision=nano'],
    [],
  ])
})

test('kcap cleanup recognises each of these tcpdumps by its arguments', () => {
  const capture = { ...options, snapLength: 96 }
  const script = makeCleanupArgv('look').join(' ')
  const [, buffers = ''] = /^buffers_kib='(.*)'$/m.exec(script) ?? []
  expect(script).toContain('find_word "-B$kib-n-U"')
  for (const features of listTcpdumpFeatures(capture)) {
    const [, kib] = /-B(\d+)-n-U/.exec(makeTcpdumpArgv(capture, features).join('')) ?? []
    expect(buffers.split(' ')).toContain(kib)
  }
})
