import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { ByteOutput } from '../../src/output/byte-output.ts'
import { makeWriteBuffer } from '../../src/session/write-buffer.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'

/** Records of 4 bytes, a packet each. */
const findWhole = (part: Buffer) => ({ bytes: part.length - (part.length % 4), packets: Math.floor(part.length / 4) })

function open(write?: ByteOutput['write']) {
  const output = makeMemoryOutput(write)
  const buffer = makeWriteBuffer(output, findWhole)
  const append = (text: string) =>
    buffer.append(text.length, text.length / 4, (out, at) => out.write(text, at, 'latin1'))
  return { output, buffer, append }
}

test('what arrives in one turn is written in one piece', async () => {
  const { output, buffer, append } = open()
  expect([append('aaaa'), append('bbbb')]).toEqual([true, true])
  await buffer.drain()
  expect([output.writes.map(String), buffer.savedPackets]).toEqual([['aaaabbbb'], 2])
})

test('what arrives while the output is slow is one further write', async () => {
  let release = () => {}
  const { output, buffer, append } = open(
    () =>
      new Promise((resolve) => {
        release = () => resolve(true)
      }),
  )
  void append('aaaa')
  await expect.poll(() => output.writes.length).toBe(1)
  void append('bbbb')
  void append('cccc')
  release()
  await expect.poll(() => output.writes.length).toBe(2)
  release()
  await buffer.drain()
  expect(output.writes.map(String)).toEqual(['aaaa', 'bbbbcccc'])
})

test('a piece longer than the buffer is written by itself, in its order', async () => {
  const { output, buffer, append } = open()
  void append('aaaa')
  const long = append('b'.repeat(2 * 1024 * 1024))
  const after = append('cccc')
  expect(await Promise.all([long, after])).toEqual([true, true])
  await buffer.drain()
  expect(output.writes.map((bytes) => [String(bytes.subarray(0, 4)), bytes.length])).toEqual([
    ['aaaa', 4],
    ['bbbb', 2 * 1024 * 1024],
    ['cccc', 4],
  ])
})

test('once the reader has gone, nothing is taken any more', async () => {
  const { buffer, append, output } = open(async () => false)
  void append('aaaa')
  expect(await buffer.drain()).toBe(false)
  expect([append('bbbb'), output.writes.length, buffer.savedPackets]).toEqual([false, 1, 0])
})

test('a write that fails counts what the output has kept, and its error meets every later call', async () => {
  const full = new KcapError('output-full', 'cannot write "x": no space', { hints: ['df -h'] })
  const { buffer, append } = open((bytes, keepWhole) => {
    keepWhole?.(bytes.subarray(0, 6))
    return Promise.reject(full)
  })
  void append('aaaabbbb')
  await expect(buffer.drain()).rejects.toBe(full)
  expect(() => append('cccc')).toThrow(full)
  expect(buffer.savedPackets).toBe(1)
})
