import { expect, test } from 'vitest'
import {
  endLine,
  formatFrameHead,
  formatPlan,
  makeRecordingParser,
  type RecordingMessage,
} from '../../src/share/recording-protocol.ts'

const frames = [
  { file: 'recording_00001_20261130211418.pcapng', offset: 0, bytes: Buffer.from('one\nend\n') },
  { file: 'recording_00002_20261130211518.pcapng', offset: 4096, bytes: Buffer.alloc(300_000, 7) },
]
const answer = Buffer.concat([
  Buffer.from(formatPlan({ totalBytes: 300_008, part: { fromMs: 1, toMs: 2 } })),
  ...frames.flatMap((frame) => [Buffer.from(formatFrameHead(frame)), frame.bytes]),
  Buffer.from(endLine),
])

test.each([1, 7, 1_000, 1_000_000])('an answer in chunks of %i bytes is read as it was written', (size) => {
  const parser = makeRecordingParser()
  const messages: RecordingMessage[] = []
  for (let at = 0; at < answer.length; at += size) messages.push(...parser.push(answer.subarray(at, at + size)))
  expect(messages[0]).toEqual({ kind: 'plan', totalBytes: 300_008, part: { fromMs: 1, toMs: 2 } })
  expect(messages.at(-1)).toEqual({ kind: 'end' })
  const read = messages.filter((message) => message.kind === 'frame')
  expect(read.map(({ file, offset }) => ({ file, offset }))).toEqual(
    frames.map(({ file, offset }) => ({ file, offset })),
  )
  expect(Buffer.concat(read.map(({ bytes }) => bytes)).equals(Buffer.concat(frames.map(({ bytes }) => bytes)))).toBe(
    true,
  )
})

test.each([
  'sh: kcap: not found\n',
  'frame 0 99999999999 recording.pcapng\n',
  'frame 0 100000000 recording.pcapng\n',
  'frame 0 10 ../../etc/passwd\n',
  'x'.repeat(500),
])('%j is refused', (text) => {
  expect(() => makeRecordingParser().push(Buffer.from(text))).toThrow('it sends no frames')
})
