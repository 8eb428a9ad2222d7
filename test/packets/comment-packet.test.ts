import { expect, test } from 'vitest'
import { commentFirstPacket } from '../../src/packets/comment-packet.ts'
import { makeBlockFormat, readPcapng } from '../support/pcapng-blocks.ts'

const { section, interface: makeInterface, enhanced, option } = makeBlockFormat(true)
const comment = (text: string) => option(1, Buffer.from(text))
const endOfOptions = Buffer.alloc(4)
const start = Buffer.concat([section(), makeInterface()])
const first = (...options: readonly Buffer[]) => enhanced(0, 1n, Buffer.from('abcde'), 5, ...options)
const second = enhanced(0, 2n, Buffer.from('fg'))

test('commentFirstPacket adds the comment to the first packet, and keeps every other byte', () => {
  const commented = Buffer.concat([start, first(comment('3 lost'), endOfOptions), second])
  expect(commentFirstPacket(Buffer.concat([start, first(), second]), '3 lost')).toEqual(commented)
  expect(readPcapng([commented]).packets.map(({ data }) => data.toString())).toEqual(['abcde', 'fg'])
})

test('commentFirstPacket keeps an existing comment of the packet', () => {
  const commented = first(comment('3 lost'), comment('a gap'), endOfOptions)
  expect(commentFirstPacket(first(comment('a gap'), endOfOptions), '3 lost')).toEqual(commented)
})

test('commentFirstPacket leaves blocks without a packet as they are', () => {
  expect(commentFirstPacket(start, '3 lost')).toEqual(start)
})
