import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { posixChecksum } from '../../src/base/posix-checksum.ts'

test.each([
  ['', 4294967295],
  ['a', 1220704766],
  ['123456789', 930766865],
])('posixChecksum of %j is %i, as in POSIX', (text, sum) => {
  expect(posixChecksum(Buffer.from(text))).toBe(sum)
})

test("posixChecksum equals this machine's cksum", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
      const [sum] = execFileSync('cksum', { input: bytes }).toString().split(' ')
      expect(String(posixChecksum(bytes))).toBe(sum)
    }),
    { numRuns: 30 },
  )
})
