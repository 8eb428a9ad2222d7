import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { PacketSource } from '../../src/base/packet-source.ts'
import type { RemoteProcess } from '../../src/base/remote-process.ts'
import { openSupervisedCapture } from '../../src/capture/supervised-capture.ts'
import { failureOf } from '../support/failure.ts'
import { makeFakeRemote } from '../support/fake-remote.ts'
import { formatPcap } from '../support/packets.ts'
import { passQuietTime } from '../support/quiet-time.ts'

/** Starts a remote process whose output and exit the test decides. */
function makeProcess() {
  const { remote, stdout, stderr, stdin, end: finish } = makeFakeRemote()
  stdin.resume()
  stderr.write('kcap-report: using tcpdump\ntcpdump: listening on any, link-type EN10MB\n')
  const exit = (code: number) => {
    stderr.write(`kcap-report: ended ${code}\n`)
    finish({ kind: 'exited', code })
  }
  return { remote, stdout, stderr, exit, finish }
}

const open = (remote: RemoteProcess) =>
  openSupervisedCapture({
    name: 'shop/orders',
    interfaceName: 'any',
    argv: ['tcpdump'],
    hasFilter: false,
    isCompressed: true,
    entersPod: false,
    start: async () => remote,
    signal: new AbortController().signal,
  })

async function countPackets(source: PacketSource): Promise<number> {
  let count = 0
  for await (const batches of source.batches) for (const batch of batches) count += batch.count
  return count
}

const packet = { seconds: 1, nanoseconds: 2, data: Buffer.alloc(1000, 7), originalLength: 1000 }
const pcap = formatPcap([packet], { littleEndian: true, nanosecond: true })
const record = pcap.subarray(24)

test('a compressed stream yields the packets of each gzip member', async () => {
  const { remote, stdout, exit } = makeProcess()
  for (const bytes of [pcap, record, record]) stdout.write(gzipSync(bytes))
  const source = await open(remote)
  exit(0)
  expect(await countPackets(source)).toBe(3)
  expect((await source.ended).error).toBeUndefined()
})

test('a compressed stream that is torn is an error, and its packets are kept', async () => {
  const { remote, stdout, exit } = makeProcess()
  stdout.write(gzipSync(pcap))
  stdout.write(gzipSync(record).subarray(0, 15))
  const source = await open(remote)
  exit(0)
  expect(await countPackets(source)).toBe(1)
  const { error } = await source.ended
  expect([error?.code, error?.exitCode, error?.message]).toEqual([
    'capture-program-failed',
    1,
    'cannot continue capturing "shop/orders": the compressed stream ended in its middle',
  ])
  expect(error?.hints).toEqual(['the packets up to here are kept; start the same command again'])
})

test('an end that only the API server reports is a lost connection: the kubelet went away', async () => {
  const { remote, stdout, finish } = makeProcess()
  stdout.write(gzipSync(pcap))
  const source = await open(remote)
  finish({ kind: 'exited', code: 0 })
  expect(await countPackets(source)).toBe(1)
  expect((await source.ended).error).toMatchObject({
    code: 'connection-lost',
    message: 'cannot continue capturing "shop/orders": the connection ended, and the capture program did not',
  })
})

test('a damaged compressed stream is an error, keeps the packets before, and ends the capture', async () => {
  const { remote, stdout } = makeProcess()
  stdout.write(gzipSync(pcap))
  const source = await open(remote)
  // More than waits in any buffer: it has to be read for the program to have ended.
  stdout.write(Buffer.concat([gzipSync(record).fill(0xff, 12), Buffer.alloc(1_000_000)]))
  expect(await countPackets(source)).toBe(1)
  const { error } = await source.ended
  expect(error?.code).toBe('corrupt-capture')
  expect(error?.message).toMatch(/^cannot read packets of "shop\/orders": the compressed stream is damaged after byte /)
})

test('a compressed stream that is damaged from its first byte is no capture', async () => {
  const { remote, stdout } = makeProcess()
  stdout.write(Buffer.concat([gzipSync(pcap).fill(0xff, 2)]))
  expect((await failureOf(open(remote))).code).toBe('corrupt-capture')
})

test('text instead of a capture is quoted, as without compression', async () => {
  const { remote, stdout } = makeProcess()
  stdout.write('Last login: today\n')
  const error = await failureOf(open(remote))
  expect([error.code, error.message]).toEqual([
    'not-a-capture',
    'cannot read packets of "shop/orders": it sent the text "Last login: today"',
  ])
})

test('a remote host without gzip is reported', async () => {
  const { remote, stdout, stderr, exit } = makeProcess()
  stderr.write('kcap-report: uncompressed gzip\n')
  stdout.write(pcap)
  const source = await open(remote)
  expect(source.missingCompressor).toBe('gzip')
  exit(0)
  expect(await countPackets(source)).toBe(1)
})

test('a slow reader holds a compressed stream back, and memory stays flat', async () => {
  const { remote, stdout, exit } = makeProcess()
  // 4 MB that are 8 kB on their way.
  const many = gzipSync(Buffer.concat(Array<Buffer>(4_000).fill(record)), { level: 9 })
  let sent = 0
  const isOver = (async () => {
    stdout.write(gzipSync(pcap))
    for (; sent < 200; sent++) if (!stdout.write(many)) await new Promise((resolve) => stdout.once('drain', resolve))
  })()
  const source = await open(remote)
  const iterator = source.batches[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.next()
  await passQuietTime()
  const stalled = sent
  await passQuietTime()
  expect(sent).toBe(stalled)
  // What waits is still compressed.
  expect(sent * many.length).toBeLessThan(1_000_000)
  let packets = 0
  for (;;) {
    const { value, done } = await iterator.next()
    if (done === true) break
    for (const batch of value) packets += batch.count
    if (sent === 200) await isOver.then(() => exit(0))
  }
  expect(packets).toBeGreaterThan(700_000)
})
