import { expect, test } from 'vitest'
import { makeNoteLatePackets } from '../../src/packets/note-late-packets.ts'
import { makeBatch } from '../support/packets.ts'

/** A run of packets at these milliseconds. */
function runAt(interfaceId: number, ...timesMs: number[]) {
  const batch = makeBatch(
    timesMs.map((timeMs) => ({
      seconds: 1_700_000_000 + Math.floor(timeMs / 1000),
      nanoseconds: (timeMs % 1000) * 1e6,
      data: Buffer.of(0),
      originalLength: 1,
    })),
  )
  return { interfaceId, batch, from: 0, to: timesMs.length }
}

const comments = (note: ReturnType<typeof makeNoteLatePackets>, ...runs: Parameters<typeof note>[0]) =>
  note(runs).map(({ comment }) => comment)

test('packets that are late within the window get no comment, and the runs stay the same', () => {
  const note = makeNoteLatePackets(200)
  const runs = [runAt(0, 1000, 1100), runAt(1, 900, 1050), runAt(0, 1200)]
  expect(note(runs)).toBe(runs)
})

test('a packet beyond the window gets a comment with its lateness, after its own comment', () => {
  const note = makeNoteLatePackets(200)
  expect(comments(note, runAt(0, 1000), { ...runAt(1, 740, 900), comment: 'shop/a joined the capture' })).toEqual([
    undefined,
    "shop/a joined the capture; 0.26 s earlier than the packet above: it came late, or its host's clock is behind (reordercap sorts the file)",
  ])
})

test('an interface gets another comment only when it is twice as late, independently of others', () => {
  const note = makeNoteLatePackets(200)
  const late = expect.stringMatching(/^\d\.\d\d s earlier/)
  expect(
    comments(note, runAt(0, 3000), runAt(1, 2700), runAt(1, 2600), runAt(1, 2300), runAt(2, 2500), runAt(2, 2600)),
  ).toEqual([undefined, late, undefined, late, late, undefined])
})

test('an earlier late packet does not make later packets late', () => {
  const note = makeNoteLatePackets(200)
  expect(comments(note, runAt(0, 1000), runAt(1, 100), runAt(0, 1001), runAt(1, 1002))).toEqual([
    undefined,
    expect.any(String),
    undefined,
    undefined,
  ])
})
