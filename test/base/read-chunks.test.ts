import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readChunks } from '../../src/base/read-chunks.ts'

test('chunks that come in one turn are yielded together, as they came', async () => {
  const stream = new PassThrough()
  const chunks = readChunks(stream)
  const next = chunks.next()
  const [a, b] = [Buffer.from('a'), Buffer.from('b')]
  stream.write(a)
  stream.write(b)
  expect((await next).value).toEqual([a, b])
  stream.end()
  expect((await chunks.next()).done).toBe(true)
})

test('what came before an error of the stream is yielded, and the iteration ends without it', async () => {
  const stream = new Readable({ read() {} })
  const chunks = readChunks(stream)
  const first = chunks.next()
  stream.push('whole')
  expect(String((await first).value)).toBe('whole')
  stream.destroy(new Error('cut'))
  expect((await chunks.next()).done).toBe(true)
})

test('a stream without end is paused while its reader is busy', async () => {
  let pushed = 0
  const stream = new Readable({
    read() {
      pushed += 64 * 1024
      this.push(Buffer.alloc(64 * 1024))
    },
  })
  const chunks = readChunks(stream)
  await chunks.next()
  for (let turn = 0; turn < 1_000; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(stream.isPaused()).toBe(true)
  expect(pushed).toBeLessThan(2 * 1024 * 1024)
  await chunks.next()
  await chunks.return(undefined)
  stream.destroy()
})
