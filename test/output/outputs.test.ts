import { execFileSync } from 'node:child_process'
import { createReadStream, readdirSync } from 'node:fs'
import { chmod, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { listBases } from '../../src/host/private-folder.ts'
import { openFifoOutput, touchFifo } from '../../src/output/fifo-output.ts'
import { openFileOutput } from '../../src/output/file-output.ts'
import { toOutputError } from '../../src/output/output-error.ts'
import { openWiresharkOutput } from '../../src/output/wireshark-output.ts'
import { makeWriteBuffer } from '../../src/session/write-buffer.ts'
import { failureOf } from '../support/failure.ts'
import { asOrdinaryUser } from '../support/ordinary-user.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})
const listFifoFolders = () =>
  listBases().flatMap((base) => readdirSync(base).filter((name) => name.startsWith('window.')))
const signal = new AbortController().signal

test('a file output creates its file with the first bytes, readable by its owner only', async () => {
  const file = path.join(folder, 'lazy')
  const output = await openFileOutput(file, { overwrite: false })
  await expect(stat(file)).rejects.toThrow('ENOENT')
  await output.write(Buffer.from('abc'))
  await output.close()
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toBe('abc')
})

test("an existing file is 'output-exists', unless overwriting is allowed", async () => {
  const file = path.join(folder, 'there')
  await writeFile(file, 'long old content')
  const error = await failureOf(openFileOutput(file, { overwrite: false }))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'output-exists',
    7,
    `cannot write "${file}": file exists`,
  ])
  expect(error.hints).toEqual(['--force overwrites it', '-o OTHER-NAME'])
  const output = await openFileOutput(file, { overwrite: true })
  await output.write(Buffer.from('new'))
  await output.close()
  expect(await readFile(file, 'utf8')).toBe('new')
})

test("a missing folder is 'output-folder-missing'", async () => {
  const error = await failureOf(openFileOutput(path.join(folder, 'no/x'), { overwrite: false }))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'output-folder-missing',
    7,
    `cannot write "${folder}/no/x": there is no folder "${folder}/no"`,
  ])
  expect(error.hints).toEqual([`mkdir -p ${folder}/no`])
})

test("a folder in place of a file, and a missing permission, are 'output-not-writable'", async () => {
  const error = await failureOf(openFileOutput(folder, { overwrite: true }))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'output-not-writable',
    7,
    `cannot write "${folder}": is a directory`,
  ])
  await mkdir(path.join(folder, 'closed'))
  await chmod(path.join(folder, 'closed'), 0o500)
  const file = path.join(folder, 'closed/x')
  const refused = await asOrdinaryUser(() => failureOf(openFileOutput(file, { overwrite: false })))
  expect([refused.code, refused.message]).toEqual(['output-not-writable', `cannot write "${file}": permission denied`])
})

test("a file whose folder is removed during the capture is 'output-not-writable'", async () => {
  const place = path.join(folder, 'removed')
  await mkdir(place)
  const output = await openFileOutput(path.join(place, 'x.pcapng'), { overwrite: false })
  await output.write(Buffer.from('a'))
  await rm(place, { recursive: true })
  await sleep(1_050)
  const error = await failureOf(output.write(Buffer.from('b')))
  await output.close()
  expect([error.code, error.exitCode, error.message]).toEqual([
    'output-not-writable',
    7,
    `cannot write on to "${place}/x.pcapng": it was removed`,
  ])
  expect(error.hints).toEqual(['-o OTHER-NAME'])
})

test("a full disk is 'output-full'", async () => {
  const output = await openFileOutput('/dev/full', { overwrite: true })
  const error = await failureOf(output.write(Buffer.alloc(100)))
  await output.close()
  expect([error.code, error.exitCode, error.message]).toEqual([
    'output-full',
    7,
    'cannot write on to "/dev/full": the disk is full',
  ])
  expect(error.hints[0]).toBe('the file is valid up to its last whole packet')
})

const [noPermission, noSpace] = ['ls -ld /a', 'df -h /a']
test.each([
  ['EACCES', 'output-not-writable', 'cannot write "/a/b.pcapng": permission denied', noPermission],
  ['EROFS', 'output-not-writable', 'cannot write "/a/b.pcapng": the file system is read-only', noPermission],
  ['ENOSPC', 'output-full', 'cannot write on to "/a/b.pcapng": the disk is full', noSpace],
  ['EDQUOT', 'output-full', 'cannot write on to "/a/b.pcapng": the quota is used up', noSpace],
  ['EFBIG', 'output-full', 'cannot write on to "/a/b.pcapng": the file may not grow further', noSpace],
])('the system error %s is %s: %s', (systemCode, code, message, hint) => {
  const error = toOutputError('/a/b.pcapng', Object.assign(new Error('x'), { code: systemCode }))
  expect([error.code, error.exitCode, error.message]).toEqual([code, 7, message])
  expect(error.hints).toContain(hint)
})

test('an absent Wireshark is an error with its name', async () => {
  const error = await failureOf(openWiresharkOutput('pod x', signal, 'no-such-wireshark'))
  expect(error.message).toBe('cannot start "no-such-wireshark": there is no such program on PATH')
})

test('a Wireshark that ends before it reads is an error, and leaves no file', async () => {
  const before = listFifoFolders()
  const error = await failureOf(openWiresharkOutput('pod x', signal, 'false'))
  expect([error.code, error.message]).toEqual([
    'output-not-writable',
    'cannot show packets in "false": it ended with exit code 1 before it read any',
  ])
  expect(error.hints).toEqual(['see what it says: false', 'or write a file: -o capture.pcapng'])
  expect(listFifoFolders()).toEqual(before)
})

test('a FIFO output waits for its reader, and delivers all bytes', async () => {
  const fifo = path.join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const opening = openFifoOutput(fifo, signal)
  await sleep(100)
  const reading = readFile(fifo)
  const output = await opening
  for (let i = 0; i < 50; i++) await output.write(Buffer.alloc(10_000, i))
  await output.close()
  expect((await reading).length).toBe(500_000)
})

test('a FIFO output notices without a write that its reader has gone', async () => {
  const fifo = path.join(folder, 'fifo-gone')
  execFileSync('mkfifo', [fifo])
  const reader = await open(fifo, 'r+')
  const output = await openFifoOutput(fifo, signal)
  await reader.close()
  await output.readerGone
  expect(await output.write(Buffer.alloc(10))).toBe(false)
  await output.close()
})

test('a FIFO check that fails for another reason does not report the reader as gone', async () => {
  const fifo = path.join(folder, 'fifo-moved')
  execFileSync('mkfifo', [fifo])
  const reader = await open(fifo, 'r+')
  const output = await openFifoOutput(fifo, signal)
  await rm(fifo)
  expect(await Promise.race([output.readerGone.then(() => 'gone'), sleep(2_500, 'there')])).toBe('there')
  expect(await output.write(Buffer.alloc(10))).toBe(true)
  await output.close()
  await reader.close()
})

test('the stop signal ends the wait for a FIFO reader that never comes', async () => {
  const fifo = path.join(folder, 'fifo-never')
  execFileSync('mkfifo', [fifo])
  await expect(openFifoOutput(fifo, AbortSignal.timeout(100))).rejects.toThrow()
})

test('touching a FIFO frees a reader that waits for its first byte', async () => {
  const fifo = path.join(folder, 'fifo-touched')
  execFileSync('mkfifo', [fifo])
  const reading = readFile(fifo)
  await touchFifo(fifo)
  expect((await reading).length).toBe(0)
})

const findNothing = () => ({ bytes: 0, packets: 0 })

test('the write buffer keeps the order and every byte, however slow the reader', async () => {
  const fifo = path.join(folder, 'fifo-slow')
  execFileSync('mkfifo', [fifo])
  const got: Buffer[] = []
  const reading = (async () => {
    for await (const chunk of createReadStream(fifo) as AsyncIterable<Buffer>) {
      got.push(chunk)
      await sleep(1)
    }
  })()
  const output = await openFifoOutput(fifo, signal)
  const buffer = makeWriteBuffer(output, findNothing)
  const sizes = [10, 700_000, 5, 1_500_000, 20, 400_000, 400_000, 400_000]
  const wanted: Buffer[] = []
  await Promise.all(
    sizes.map(async (size, i) => {
      wanted.push(Buffer.alloc(size, i + 1))
      return await buffer.append(size, 1, (out, at) => out.fill(i + 1, at, at + size))
    }),
  )
  expect(await buffer.drain()).toBe(true)
  await output.close()
  await reading
  expect(Buffer.concat(got).equals(Buffer.concat(wanted))).toBe(true)
})

test('the write buffer reports a failure to the next caller and to the last', async () => {
  const output = await openFileOutput('/dev/full', { overwrite: true })
  const buffer = makeWriteBuffer(output, findNothing)
  await buffer.append(10, 1, (out, at) => out.fill(1, at, at + 10))
  expect((await failureOf(buffer.drain())).code).toBe('output-full')
  expect((await failureOf((async () => await buffer.append(10, 1, () => {}))())).code).toBe('output-full')
  expect(buffer.savedPackets).toBe(0)
  await output.close()
})

test('a truncated write counts its whole packets as saved', async () => {
  const parts: [number, number][] = []
  const output = {
    name: 'a disk with room for 25 bytes',
    readerGone: new Promise<void>(() => {}),
    isLive: false,
    async write(bytes: Buffer, findWhole: (part: Buffer) => number = () => 0) {
      if (bytes.length < 20) return true
      expect(findWhole(bytes.subarray(0, 15))).toBe(10)
      throw new KcapError('output-full', 'cannot write', { hints: [] })
    },
    close: async () => {},
  }
  // Of ten bytes each.
  const buffer = makeWriteBuffer(output, (part, position) => {
    parts.push([part.length, position])
    const packets = Math.floor(part.length / 10)
    return { bytes: packets * 10, packets }
  })
  const append = async (packets: number) => await buffer.append(packets * 10, packets, () => {})
  await append(1)
  await buffer.drain()
  expect(buffer.savedPackets).toBe(1)
  await append(3)
  await failureOf(buffer.drain())
  expect([buffer.savedPackets, parts]).toEqual([2, [[15, 10]]])
})

test('the write buffer joins bytes in quick succession into one write, and writes at once after a pause', async () => {
  const writes: number[] = []
  const output = {
    name: 'recorder',
    readerGone: new Promise<void>(() => {}),
    isLive: true,
    write: async (bytes: Buffer) => writes.push(bytes.length) > 0,
    close: async () => {},
  }
  const buffer = makeWriteBuffer(output, findNothing)
  const append = (length: number) => {
    expect(buffer.append(length, 1, (out, at) => out.fill(1, at, at + length))).toBe(true)
  }
  for (let i = 0; i < 10; i++) append(100)
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  expect(writes).toEqual([1_000])
  append(100)
  await sleep(20)
  expect(writes).toEqual([1_000, 100])
  append(100)
  expect(await buffer.drain()).toBe(true)
  expect(writes).toEqual([1_000, 100, 100])
})
