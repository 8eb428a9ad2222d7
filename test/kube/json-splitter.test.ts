import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeJsonSplitter } from '../../src/kube/json-splitter.ts'
import { measureLiveHeap } from '../support/live-heap.ts'
import { cut } from '../support/pcapng-blocks.ts'

const refuse = (state: string) => new Error(state)
type Shape = Parameters<typeof makeJsonSplitter>[0]

function split(shape: Shape, chunks: readonly Buffer[]) {
  const splitter = makeJsonSplitter(shape, refuse)
  const objects = chunks.flatMap((chunk) => splitter.push(chunk))
  return { objects, splitter }
}

const places = fc.array(fc.nat(10_000), { maxLength: 5 })
const list = fc.record({
  kind: fc.string(),
  metadata: fc.dictionary(fc.string(), fc.jsonValue()),
  columnDefinitions: fc.array(fc.jsonValue()),
  items: fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
  after: fc.jsonValue(),
})

test('a list cut into any chunks yields the same objects and metadata as JSON.parse', () => {
  fc.assert(
    fc.property(list, places, fc.constantFrom(0, 2), (value, at, indent) => {
      const bytes = Buffer.from(JSON.stringify(value, undefined, indent))
      const { objects, splitter } = split('lists', cut(bytes, at))
      const { items, ...rest } = JSON.parse(bytes.toString()) as typeof value
      expect(objects).toEqual(items)
      expect(splitter.end()).toEqual({ ...rest, items: [] })
      const { after: _, ...before } = rest
      expect(splitter.head()).toEqual({ ...before, items: [] })
    }),
    { numRuns: 300 },
  )
})

test('a sequence of objects cut into any chunks yields them all unchanged', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), places, (values, at) => {
      const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
      const parsed = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown)
      expect(split('lines', cut(bytes, at)).objects).toEqual(parsed)
      for (const value of parsed) {
        const { objects, splitter } = split('object', cut(Buffer.from(JSON.stringify(value)), at))
        expect([objects, splitter.end()]).toEqual([[], value])
      }
    }),
    { numRuns: 300 },
  )
})

test('what is no object in a list is skipped', () => {
  const { objects, splitter } = split('lists', [Buffer.from('{"items":[null,1,"}",[{"a":1}],{"b":2}],"rows":[{}]}')])
  expect([objects, splitter.end()]).toEqual([[{ b: 2 }, {}], { items: [], rows: [] }])
})

test.each<[string, Shape, string, string]>([
  ['of 4 MB', 'lists', `{"items":[{"a":"${'x'.repeat(4e6)}"}]}`, 'an object of its answer has more than 3145728 bytes'],
  [
    'of 4 MB without end',
    'lists',
    `{"items":[{"a":"${'x'.repeat(4e6)}`,
    'an object of its answer has more than 3145728 bytes',
  ],
  [
    'with 60,000 values',
    'lines',
    `{"a":[${'1,'.repeat(60_000)}1]}`,
    'an object of its answer has more than 50000 values',
  ],
  ['around a list', 'lists', `{"a":"${'x'.repeat(4e6)}`, 'an object of its answer has more than 3145728 bytes'],
  ['of brackets', 'lists', '['.repeat(1_000), 'its answer is nested more than 100 deep'],
  ['that ends before it begins', 'lines', '}', 'its answer is no JSON object'],
  ['that is a page of HTML', 'lines', '<html>', 'its answer is no JSON object'],
  ['that is torn', 'lists', '{"items":[{"a":}]}', 'its answer is no JSON object'],
])('an object %s is refused', (_, shape, text, state) => {
  const chunks = cut(
    Buffer.from(text),
    Array.from({ length: 100 }, (__, i) => i * 64 * 1024),
  )
  expect(() => split(shape, chunks)).toThrow(state)
})

test('an answer that is no object is refused at its end', () => {
  for (const text of ['<html></html>', '{"items":[]', ''])
    expect(() => split('lists', [Buffer.from(text)]).splitter.end()).toThrow('its answer is no JSON object')
})

test('a page of 200,000 objects takes no more memory than a few of them', () => {
  const splitter = makeJsonSplitter('lists', refuse)
  splitter.push(Buffer.from('{"items":['))
  const chunk = Buffer.from('{"metadata":{"name":"web"}},'.repeat(1_000))
  const before = measureLiveHeap()
  let count = 0
  for (let i = 0; i < 200; i++) count += splitter.push(chunk).length
  expect(count).toBe(200_000)
  expect(measureLiveHeap() - before).toBeLessThan(5e6)
  splitter.push(Buffer.from(']}'))
  expect(splitter.end()).toEqual({ items: [] })
})
