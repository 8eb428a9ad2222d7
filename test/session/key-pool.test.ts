import { expect, test } from 'vitest'
import { makeKeyPool } from '../../src/session/key-pool.ts'

const random = (i: number) => i.toString(16).padStart(64, '0')
const line = (i: number) => `CLIENT_RANDOM ${random(i)} ${'ab'.repeat(48)}\n`
const hello = (...sessions: number[]) => ({ clientRandoms: sessions.map(random), hasQuic: false })
const nothing = hello()
const unlimited = Number.POSITIVE_INFINITY

test('keys from before the first packet stay out unless a packet shows the beginning of their session', () => {
  const pool = makeKeyPool(unlimited)
  expect(pool.add(line(1) + line(2) + line(3))).toBe('')
  expect(pool.need(nothing)).toBe('')
  expect(pool.need(hello(2))).toBe(line(2))
  expect(pool.need(hello(2))).toBe('')
})

test('all keys of a session come, in their order and in upper case too', () => {
  const pool = makeKeyPool(unlimited)
  const [client, server] = [
    `CLIENT_TRAFFIC_SECRET_0 ${random(0xab)} 01\n`,
    `SERVER_TRAFFIC_SECRET_0 ${random(0xab)} 02\n`,
  ]
  pool.add(client.replace('ab ', 'AB ') + server)
  expect(pool.need(hello(0xab))).toBe(client.replace('ab ', 'AB ') + server)
})

test('keys that come while packets are written go into the capture at once', () => {
  const pool = makeKeyPool(unlimited)
  pool.need(nothing)
  expect(pool.add(line(1) + line(2))).toBe(line(1) + line(2))
})

test('keys that come after the beginning of their session, before a packet is written, are not held back', () => {
  const pool = makeKeyPool(0)
  pool.need(hello(7))
  expect(pool.add(line(6) + line(7))).toBe(line(7))
})

test('beyond the limit only sessions that are seen to begin have their keys, also the newest', () => {
  const pool = makeKeyPool(2.5 * line(1).length)
  pool.need(nothing)
  expect(pool.add(line(1) + line(2) + line(3) + line(4))).toBe(line(1) + line(2))
  expect(pool.need(hello(4))).toBe(line(4))
})

test('a QUIC session brings all that wait, within the limit the newest', () => {
  const pool = makeKeyPool(2.5 * line(1).length)
  pool.add(line(1) + line(2) + line(3))
  expect(pool.need({ clientRandoms: [], hasQuic: true })).toBe(line(3) + line(2))
})

test('keys that name their session otherwise are not held back', () => {
  const rsa = `RSA 0123456789abcdef ${'ab'.repeat(48)}\n`
  expect(makeKeyPool(unlimited).add(line(1) + rsa)).toBe(rsa)
})

test('of many that wait the newest are kept', () => {
  const pool = makeKeyPool(unlimited)
  const count = 30_000
  for (let i = 0; i < count; i++) pool.add(line(i))
  expect(pool.need(hello(0, 1, count - 2, count - 1))).toBe(line(count - 2) + line(count - 1))
})
