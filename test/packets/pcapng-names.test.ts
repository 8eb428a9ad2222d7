import { expect, test } from 'vitest'
import { formatNameResolution } from '../../src/packets/pcapng-names.ts'
import { formatTlsSecrets } from '../../src/packets/pcapng-secrets.ts'
import { parseBlocks } from '../support/packets.ts'

test('a name resolution block has a padded record for each address, then an end record', () => {
  const names = [
    { address: '10.244.1.17', name: 'orders-6c9f.prod' },
    { address: 'fd00::a', name: 'db.prod' },
    { address: '<none>', name: 'left out' },
  ]
  const [block] = parseBlocks(formatNameResolution(names) ?? Buffer.alloc(0))
  expect(block?.type).toBe(4)
  const body = block?.body ?? Buffer.alloc(0)
  expect([body.readUInt16LE(0), body.readUInt16LE(2)]).toEqual([1, 4 + 17])
  expect(body.subarray(4, 8)).toEqual(Buffer.from([10, 244, 1, 17]))
  expect(body.toString('utf8', 8, 8 + 17)).toBe('orders-6c9f.prod\0')
  const second = 4 + 24
  expect([body.readUInt16LE(second), body.readUInt16LE(second + 2)]).toEqual([2, 16 + 8])
  expect(body.toString('hex', second + 4, second + 20)).toBe('fd00000000000000000000000000000a')
  expect(body.subarray(second + 4 + 24)).toEqual(Buffer.alloc(4))
})

test.each([
  ['::', '00000000000000000000000000000000'],
  ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
])('a name resolution block has the whole address %s', (address, hex) => {
  expect(formatNameResolution([{ address, name: 'x' }])?.toString('hex', 12, 28)).toBe(hex)
})

test('resolved names without any address make no block', () => {
  expect(formatNameResolution([{ address: 'pod', name: 'x' }])).toBeUndefined()
})

test('key log lines make a padded block of TLS secrets', () => {
  const [block] = parseBlocks(formatTlsSecrets('CLIENT_RANDOM a b\n'))
  expect([block?.type, block?.body.readUInt32LE(0), block?.body.readUInt32LE(4)]).toEqual([10, 0x544c534b, 18])
  expect(block?.body.toString('latin1', 8)).toBe('CLIENT_RANDOM a b\n\0\0')
})
