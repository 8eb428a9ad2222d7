import { setTimeout as sleep } from 'node:timers/promises'
import { constants, createGzip, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gunzipChunks } from '../../src/capture/gunzip-chunks.ts'
import { passQuietTime } from '../support/quiet-time.ts'

async function* groupsOf(...groups: readonly Buffer[][]): AsyncGenerator<readonly Buffer[]> {
  for (const group of groups) yield group
}

async function read(source: AsyncIterable<readonly Buffer[]>) {
  const gunzipped = gunzipChunks(source, 'shop/orders')
  const parts: Buffer[] = []
  for await (const chunks of gunzipped.chunks) parts.push(...chunks)
  return { bytes: Buffer.concat(parts), failure: gunzipped.failure, isTorn: gunzipped.isTorn }
}

const whole = (text: string) => ({ bytes: Buffer.from(text), failure: undefined, isTorn: false })
const members = (...texts: string[]) => Buffer.concat(texts.map((text) => gzipSync(text)))

const bombBytes = 384 * 1024 * 1024

describe('gunzipChunks()', () => {
  test('gives the same bytes for members cut into any chunks', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), cuts, async (texts, sizes) => {
        const stream = members(...texts)
        const chunks: Buffer[] = []
        let at = 0
        for (const size of [...sizes, stream.length]) {
          if (at < stream.length) chunks.push(stream.subarray(at, at + size))
          at += size
        }
        // Alone and in groups.
        expect(await read(groupsOf(...chunks.map((chunk) => [chunk])))).toEqual(whole(texts.join('')))
        expect(await read(groupsOf(chunks))).toEqual(whole(texts.join('')))
      }),
      { numRuns: 50 },
    )
  })

  test('passes bytes that are no gzip unchanged', async () => {
    const pcap = Buffer.from('4d3cb2a1020004000000', 'hex')
    expect(await read(groupsOf([pcap], [Buffer.from('rest')]))).toEqual({
      ...whole(''),
      bytes: Buffer.concat([pcap, Buffer.from('rest')]),
    })
    expect(await read(groupsOf())).toEqual(whole(''))
  })

  test('hands over what has come in the middle of a member', async () => {
    const gzip = createGzip()
    const flushed = new Promise<void>((resolve) => {
      gzip.write('packet')
      gzip.flush(constants.Z_SYNC_FLUSH, resolve)
    })
    await flushed
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    async function* source() {
      // From Node 26 on, a read returns one chunk.
      const flushedChunks: Buffer[] = []
      for (let chunk = gzip.read(); chunk !== null; chunk = gzip.read()) flushedChunks.push(chunk as Buffer)
      yield flushedChunks
      await held
    }
    const { chunks } = gunzipChunks(source(), 'shop/orders')
    const first = await Promise.race([chunks.next(), sleep(5_000)])
    expect(Buffer.concat(first?.value as Buffer[]).toString()).toBe('packet')
    release()
    await chunks.return(undefined)
  })

  test('a stream that is torn keeps what came before, and says so', async () => {
    const stream = members('one', 'two')
    for (let length = members('one').length + 1; length < stream.length; length++) {
      const { bytes, failure, isTorn } = await read(groupsOf([stream.subarray(0, length)]))
      expect([bytes.toString().slice(0, 3), failure, isTorn]).toEqual(['one', undefined, true])
    }
    expect((await read(groupsOf([stream.subarray(0, members('one').length)]))).isTorn).toBe(false)
  })

  test.each([
    ['a wrong byte', (second: Buffer) => second.fill(0xff, 10, 12)],
    ['a wrong checksum', (second: Buffer) => second.fill(0xff, second.length - 8, second.length - 4)],
    ['something else than a member', (second: Buffer) => second.fill(0x41)],
    ['zeros', (second: Buffer) => second.fill(0)],
  ])("is 'corrupt-capture' after %s, with the members before it", async (_what, damage) => {
    const second = gzipSync('two')
    damage(second)
    let isReadToEnd = false
    async function* source() {
      yield [gzipSync('one')]
      yield [second]
      yield [gzipSync('three')]
      isReadToEnd = true
    }
    const { bytes, failure, isTorn } = await read(source())
    expect([bytes.toString().slice(0, 3), isTorn, isReadToEnd]).toEqual(['one', false, true])
    expect(bytes.toString()).not.toContain('three')
    expect([failure?.code, failure?.exitCode]).toEqual(['corrupt-capture', 1])
    expect(failure?.message).toMatch(
      /^cannot read packets of "shop\/orders": the compressed stream is damaged after byte \d+: .+$/,
    )
    expect(failure?.hints[0]).toContain('the packets before it are kept')
  })

  test('a bomb is opened as slowly as it is read', async () => {
    const bomb = gzipSync(Buffer.alloc(bombBytes), { level: 9 })
    const { chunks } = gunzipChunks(groupsOf([bomb]), 'shop/orders')
    const before = process.memoryUsage()
    let [total, peak, largest] = [0, 0, 0]
    for await (const group of chunks) {
      const bytes = group.reduce((sum, { length }) => sum + length, 0)
      total += bytes
      largest = Math.max(largest, bytes)
      await sleep(0)
      const { arrayBuffers, external } = process.memoryUsage()
      peak = Math.max(peak, arrayBuffers + external - before.arrayBuffers - before.external)
    }
    expect(total).toBe(bombBytes)
    expect(largest).toBeLessThan(8 * 1024 * 1024)
    // Garbage too, until it is collected.
    expect(peak).toBeLessThan(192 * 1024 * 1024)
  })

  test('nothing is read ahead of a reader that is slow', async () => {
    let given = 0
    async function* source() {
      for (; given < 100; given++) yield [gzipSync(Buffer.alloc(100_000))]
    }
    const { chunks } = gunzipChunks(source(), 'shop/orders')
    await chunks.next()
    await passQuietTime()
    expect(given).toBeLessThan(2)
    await chunks.return(undefined)
  })
})
