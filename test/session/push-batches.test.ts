import { expect, test } from 'vitest'
import type { PacketBatch, PacketStreamHeader } from '../../src/base/packet.ts'
import { makePushBatches } from '../../src/session/push-batches.ts'
import { failureOf } from '../support/failure.ts'
import { makeBatch } from '../support/packets.ts'

const packet = { seconds: 1, nanoseconds: 0, data: Buffer.alloc(4), originalLength: 4 }
const usual = makeBatch([packet])
const ofOtherType: PacketBatch = { ...usual, header: { linkType: 113, snapLength: 100 } }
const of2106 = makeBatch([{ ...packet, seconds: 2 ** 32 }])

/** Returns a push and what arrives at the pump: the number of batches, their comment and their interface. */
function open(endsIn2106 = false) {
  const pushed: [number, string | undefined, number | undefined][] = []
  const asked: PacketStreamHeader[] = []
  const push = makePushBatches({
    sourceName: 'shop/web',
    endsIn2106,
    input: {
      push(batches, comment, interfaceId) {
        pushed.push([batches.length, comment, interfaceId])
        return undefined
      },
      end() {},
    },
    findInterface: async (header) => asked.push(header) + 6,
  })
  return { push, pushed, asked }
}

test('batches of the first header go to the pump in one piece, without a wait', () => {
  const { push, pushed, asked } = open()
  expect(push([usual, usual], 'a gap')).toBeUndefined()
  expect([pushed, asked]).toEqual([[[2, 'a gap', undefined]], []])
})

test('a batch with another header goes to the interface of that header, and the order stays', async () => {
  const { push, pushed, asked } = open()
  await push([usual, ofOtherType, usual], 'a gap')
  expect(pushed).toEqual([
    [1, 'a gap', undefined],
    [1, undefined, 7],
    [1, undefined, undefined],
  ])
  expect(asked).toEqual([ofOtherType.header])
})

test("a pcap gets no packet of 2106: the push rejects with 'usage', after the batches before it", async () => {
  const { push, pushed } = open(true)
  const error = await failureOf(Promise.resolve(push([usual, of2106], undefined)))
  expect([error.code, error.message, error.hints]).toEqual([
    'usage',
    'cannot write "shop/web" into a pcap: its packets are of times after 2106',
    ['--format pcapng'],
  ])
  expect(pushed.length).toBe(1)
})

test('a pcapng gets packets of 2106', async () => {
  const { push, pushed } = open()
  await push([of2106], undefined)
  expect(pushed).toEqual([[1, undefined, undefined]])
})
