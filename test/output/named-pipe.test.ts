import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { isNamedPipe, openNamedPipeOutput, touchNamedPipe } from '../../src/output/named-pipe-output.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const { signal } = new AbortController()
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

test.each([
  [String.raw`\\.\pipe\wireshark_extcap_kcapdemo_20261127`, 'win32', true],
  [String.raw`\\?\PIPE\x`, 'win32', true],
  [String.raw`C:\pipe\x.pcapng`, 'win32', false],
  [String.raw`\\.\pipe\x`, 'linux', false],
] as const)('on the path %s of %s, isNamedPipe returns %s', (name, platform, expected) => {
  expect(isNamedPipe(name, platform)).toBe(expected)
})

/** Elsewhere a socket of the file system stands for it: Node connects to both by a path. */
const namePipe = (name: string) =>
  process.platform === 'win32' ? `\\\\.\\pipe\\kcap-test-${process.pid}-${name}` : path.join(folder, name)

test('a named pipe gets all bytes, and notices without a write that its reader has gone', async () => {
  const pipe = namePipe('pipe')
  const got: Buffer[] = []
  const server = createServer((reader) => {
    reader.on('data', (chunk: Buffer) => {
      got.push(chunk)
      if (Buffer.concat(got).length === 500_000) reader.destroy()
    })
  }).listen(pipe)
  await once(server, 'listening')
  const output = await openNamedPipeOutput(pipe, signal)
  for (let i = 0; i < 50; i++) await output.write(Buffer.alloc(10_000, i))
  await output.readerGone
  expect(Buffer.concat(got).equals(Buffer.concat(Array.from({ length: 50 }, (_, i) => Buffer.alloc(10_000, i))))).toBe(
    true,
  )
  expect(await output.write(Buffer.alloc(10))).toBe(false)
  await output.close()
  server.close()
})

test('an absent named pipe is an error; touching a pipe ends the wait for it', async () => {
  const pipe = namePipe('pipe-touched')
  expect((await failureOf(openNamedPipeOutput(pipe, signal))).exitCode).toBe(7)
  await touchNamedPipe(pipe)
  const server = createServer((reader) => reader.on('close', () => server.close()).resume()).listen(pipe)
  await once(server, 'listening')
  await touchNamedPipe(pipe)
  await once(server, 'close')
})
