import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeKeyLogReader } from '../../src/packets/key-log.ts'

const random = 'ab'.repeat(32)
const line = (label: string, secret = 'cd'.repeat(48)) => `${label} ${random} ${secret}`

test('the key log reader returns whole valid lines, and no comments or garbage', () => {
  const reader = makeKeyLogReader()
  const valid = [
    line('CLIENT_RANDOM'),
    line('CLIENT_HANDSHAKE_TRAFFIC_SECRET'),
    line('SERVER_TRAFFIC_SECRET_0'),
    line('EXPORTER_SECRET'),
  ]
  const other = [
    '# SSL/TLS secrets log file',
    '',
    line('PASSWORD'),
    `CLIENT_RANDOM ${random} zz`,
    '\x1b[31mCLIENT_RANDOM',
  ]
  expect(reader.push(Buffer.from([...other, ...valid, ''].join('\n')))).toBe(valid.map((text) => `${text}\n`).join(''))
  expect(reader.push(Buffer.from(line('CLIENT_TRAFFIC_SECRET_0')))).toBe('')
  expect(reader.push(Buffer.from('\r\n'))).toBe(`${line('CLIENT_TRAFFIC_SECRET_0')}\n`)
})

test('the key log reader returns a repeated line once', () => {
  const reader = makeKeyLogReader()
  const text = Buffer.from(`${line('CLIENT_RANDOM')}\n`)
  expect(reader.push(text)).toBe(text.toString())
  reader.restart()
  expect(reader.push(text)).toBe('')
})

test('the key log reader returns the same lines for any split', () => {
  const text = ['CLIENT_RANDOM', 'x', 'SERVER_HANDSHAKE_TRAFFIC_SECRET'].map((label) => `${line(label)}\n`).join('')
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const reader = makeKeyLogReader()
      const ends = [...cuts, text.length].sort((a, b) => a - b)
      const parts = ends.map((end, i) => reader.push(Buffer.from(text.slice(ends[i - 1] ?? 0, end))))
      expect(parts.join('')).toBe(`${line('CLIENT_RANDOM')}\n${line('SERVER_HANDSHAKE_TRAFFIC_SECRET')}\n`)
    }),
  )
})

test('a key log line without an end does not fill memory', () => {
  const reader = makeKeyLogReader()
  for (let i = 0; i < 1_000; i++) expect(reader.push(Buffer.alloc(64 * 1024, 0x61))).toBe('')
  expect(reader.push(Buffer.from(`\n${line('CLIENT_RANDOM')}\n`))).toBe(`${line('CLIENT_RANDOM')}\n`)
})
