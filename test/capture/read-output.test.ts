import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readOutput, textAfterMark } from '../../src/capture/read-output.ts'

async function read(chunks: readonly string[], mark: string | null = 'MARK'): Promise<string> {
  const stdout = new PassThrough()
  const program = { stdout, ...(mark !== null && { outputMark: mark }) }
  const reading = (async () => {
    let text = ''
    for await (const some of readOutput(program)) text += Buffer.concat(some)
    return text
  })()
  for (const chunk of chunks) {
    stdout.write(chunk)
    await new Promise((resolve) => setImmediate(resolve))
  }
  stdout.end()
  return await reading
}

test.each([
  [['MARK', 'packets', 'MARK']],
  [['Welcome\nMA', 'RKpack', 'etsMARK']],
  [['Welcome\nMARKpacketsMARK']],
  [['M', 'A', 'R', 'K', 'packetsMARK']],
])('what a profile prints before the mark is left out of %j', async (chunks) => {
  expect(await read(chunks)).toBe('packetsMARK')
})

test('an output without the mark is whole', async () => {
  expect(await read(['for file transfer', ' only'])).toBe('for file transfer only')
  expect(await read(['MARKx'], null)).toBe('MARKx')
  const long = Array.from({ length: 30 }, () => 'x'.repeat(100_000))
  expect(await read([...long, 'MARK'])).toBe(`${long.join('')}MARK`)
})

test('a text begins after its mark', () => {
  expect(textAfterMark('Welcome\nMARK1.eth0', 'MARK')).toBe('1.eth0')
  expect(textAfterMark('1.eth0', 'MARK')).toBe('1.eth0')
  expect(textAfterMark('1.eth0', undefined)).toBe('1.eth0')
})
