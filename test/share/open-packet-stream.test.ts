import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { AddressName } from '../../src/base/address-name.ts'
import type { PortShare } from '../../src/base/capture-request.ts'
import type { PacketBatch } from '../../src/base/packet.ts'
import type { PacketSource } from '../../src/base/packet-source.ts'
import { parseShareLink, type ShareLink } from '../../src/base/share-link.ts'
import type { StreamName } from '../../src/base/target.ts'
import { makeBroadcast } from '../../src/output/broadcast.ts'
import { commentFirstPacket } from '../../src/packets/comment-packet.ts'
import { makeBroadcastWriter } from '../../src/session/broadcast-writer.ts'
import { openPacketStream } from '../../src/share/open-packet-stream.ts'
import { openShare } from '../../src/share/open-share.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'
import { makeBatch } from '../support/packets.ts'
import { openRelay } from '../support/relay.ts'

const section = { application: 'kcap', os: '', comment: '', filter: '' }
const web = { name: 'shop/web any', description: 'kube exec', header: { linkType: 1, snapLength: 100 } }

/** A capture that is shared, as a session shares it. */
async function share(more: Partial<PortShare> = {}) {
  const broadcast = makeBroadcast({
    namesBytes: 1_000_000,
    noteLoss: (bytes, lost) => commentFirstPacket(bytes, `${lost} lost`),
  })
  const writer = makeBroadcastWriter(broadcast, section)
  const request = { protocol: 'kcaps', host: '127.0.0.1', port: 0, maxReaders: 2, ...more } as const
  const shared = await openShare(request, broadcast, () => {})
  const close = async () => {
    broadcast.end()
    await shared.close()
  }
  afterThisTest.add(close)
  const link = parseShareLink(shared.link) as ShareLink
  const name: Exclude<StreamName, { protocol: 'unix' }> =
    request.protocol === 'kcaps'
      ? { kind: 'stream', ...link, protocol: 'kcaps' }
      : { kind: 'stream', protocol: 'tcp', host: '127.0.0.1', port: Number(new URL(shared.link).port) }
  return { writer, name, close, readers: shared.readers }
}

type Shared = Awaited<ReturnType<typeof share>>

const sendPacket = ({ writer }: Shared, text: string, comment?: string) => {
  const batch = makeBatch([{ seconds: 1, nanoseconds: 2, data: Buffer.from(text), originalLength: text.length }])
  const run = { interfaceId: 0, batch, from: 0, to: 1 }
  writer.writeRuns([comment === undefined ? run : { ...run, comment }])
}

function open(name: StreamName, signal = new AbortController().signal) {
  const names: AddressName[] = []
  const secrets: string[] = []
  let waits = 0
  const notes = {
    takeNames: (more: readonly AddressName[]) => names.push(...more),
    takeTlsSecrets: (lines: string) => secrets.push(lines),
    taken: async () => {},
  }
  const source = openPacketStream(name, { notes, signal, onWaiting: () => (waits += 1) })
  afterThisTest.add(async () => void (await source.catch(() => undefined))?.kill())
  return { source, names, secrets, waits: () => waits }
}

/** Reads a source in the background. */
function readAll(source: PacketSource) {
  const batches: PacketBatch[] = []
  const done = (async () => {
    for await (const more of source.batches) batches.push(...more)
    return await source.ended
  })()
  const texts = () =>
    batches.flatMap(({ bytes, rows, count }) =>
      Array.from({ length: count }, (_, i) =>
        bytes.toString('utf8', rows[i * 5 + 2], (rows[i * 5 + 2] ?? 0) + (rows[i * 5 + 3] ?? 0)),
      ),
    )
  return { batches, done, texts }
}

test.each(['kcaps', 'tcp'] as const)(
  'a %s stream is read with its interface, names, secrets and comments',
  async (protocol) => {
    const shared = await share({ protocol })
    await shared.writer.addInterface(web)
    const { source, names, secrets } = open(shared.name)
    const opened = await source
    expect(opened.header.origin?.name).toBe('shop/web any')
    expect(opened.name).toBe(`${protocol}://127.0.0.1:${shared.name.port}`)
    const reading = readAll(opened)
    await expect.poll(() => shared.readers.length).toBe(1)
    const key = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}\n`
    await shared.writer.addNames([{ address: '10.0.0.7', name: 'web.shop' }])
    await shared.writer.addTlsSecrets(key)
    sendPacket(shared, 'first')
    sendPacket(shared, 'second', 'a comment')
    await shared.close()
    expect(await reading.done).toMatchObject({ error: undefined })
    expect(reading.texts()).toEqual(['first', 'second'])
    expect(reading.batches.map(({ comment }) => comment)).toEqual([undefined, 'a comment'])
    expect(names).toEqual([{ address: '10.0.0.7', name: 'web.shop' }])
    expect(secrets).toEqual([key])
  },
)

test('a stream without an interface yet is waited for', { timeout: 20_000 }, async () => {
  const shared = await share()
  const { source, waits } = open(shared.name)
  await expect.poll(waits, { timeout: 10_000 }).toBe(1)
  await shared.writer.addInterface(web)
  expect((await source).header.linkType).toBe(1)
})

test('stopping ends a source without an error, and the server loses its reader', async () => {
  const shared = await share()
  await shared.writer.addInterface(web)
  const opened = await open(shared.name).source
  const reading = readAll(opened)
  opened.stop()
  expect(await reading.done).toMatchObject({ error: undefined })
})

test('an opening is aborted by its signal', async () => {
  const shared = await share()
  const stop = new AbortController()
  const { source } = open(shared.name, stop.signal)
  const reason = new Error('stopped')
  stop.abort(reason)
  await expect(source).rejects.toBe(reason)
})

test("a wrong token is 'stream-refused', with exit code 5 and no token in the message", async () => {
  const { name } = await share()
  const error = await failureOf(open({ ...name, token: 'x'.repeat(32) } as StreamName).source)
  expect([error.code, error.exitCode, error.message]).toEqual([
    'stream-refused',
    5,
    `cannot read "kcaps://127.0.0.1:${name.port}": the link is not valid there: each capture has a new one`,
  ])
  expect(error.hints).toEqual(['ask for the link of the capture that runs now'])
})

test("one reader too many is 'stream-refused'", async () => {
  const shared = await share({ maxReaders: 1 })
  await shared.writer.addInterface(web)
  const first = readAll(await open(shared.name).source)
  const error = await failureOf(open(shared.name).source)
  expect([error.code, error.message]).toEqual([
    'stream-refused',
    `cannot read "kcaps://127.0.0.1:${shared.name.port}": it has as many readers as it allows`,
  ])
  await shared.close()
  await first.done
})

test("another certificate is 'stream-certificate' with exit code 4, and the server never sees the token", async () => {
  const [real, imposter] = [await share(), await share()]
  const name = { ...imposter.name, fingerprint: (real.name as ShareLink).fingerprint }
  const error = await failureOf(open(name).source)
  expect([error.code, error.exitCode, error.message]).toEqual([
    'stream-certificate',
    4,
    `cannot read "kcaps://127.0.0.1:${name.port}": its certificate is not the one in the link`,
  ])
  expect(error.hints).toEqual(['somebody may be reading along: ask for a new link, in a channel that you trust'])
  // Five failed attempts would block the address.
  for (let i = 0; i < 5; i++) await failureOf(open(name).source)
  await imposter.writer.addInterface(web)
  expect((await open(imposter.name).source).header.linkType).toBe(1)
})

test("without a fingerprint, a certificate of no known authority is 'stream-certificate'", async () => {
  const { name } = await share()
  const error = await failureOf(open({ ...name, fingerprint: undefined } as StreamName).source)
  expect(error.code).toBe('stream-certificate')
  expect(error.message).toMatch(/: its certificate cannot be trusted: /)
  expect(error.hints).toContain('use the whole link, with the part behind "#"')
})

test.each(['kcaps', 'tcp'] as const)(
  "a closed port is 'stream-unreachable' (%s), with exit code 4",
  async (protocol) => {
    const shared = await share({ protocol })
    await shared.close()
    const error = await failureOf(open(shared.name).source)
    expect([error.code, error.exitCode, error.message]).toEqual([
      'stream-unreachable',
      4,
      `cannot read "${protocol}://127.0.0.1:${shared.name.port}": nothing listens there`,
    ])
    expect(error.hints).toEqual([
      'the capture may have ended, or a firewall is in between',
      `kcap doctor ${protocol}://127.0.0.1:${shared.name.port}`,
    ])
  },
)

test.each(['kcaps', 'tcp'] as const)("a cut connection is 'connection-lost' (%s)", async (protocol) => {
  const shared = await share({ protocol })
  await shared.writer.addInterface(web)
  const relay = await openRelay(shared.name.port)
  afterThisTest.add(relay.close)
  const reading = readAll(await open({ ...shared.name, port: relay.port }).source)
  await expect.poll(() => shared.readers.length).toBe(1)
  sendPacket(shared, 'kept')
  await expect.poll(reading.texts).toEqual(['kept'])
  relay.cut()
  const { error } = await reading.done
  expect(error?.code).toBe('connection-lost')
  expect(error?.message).toMatch(/^cannot read "\w+:\/\/127\.0\.0\.1:\d+": the connection is lost: /)
})

test("a server that sends something else is 'not-a-capture'", async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterThisTest.add(() => server.close())
  const { port } = server.address() as AddressInfo
  const error = await failureOf(open({ kind: 'stream', protocol: 'tcp', host: '127.0.0.1', port }).source)
  expect(error.code).toBe('not-a-capture')
})

test('a slow caller stops the connection from being read, and memory stays bounded', async () => {
  const shared = await share()
  await shared.writer.addInterface(web)
  const opened = await open(shared.name).source
  await expect.poll(() => shared.readers.length).toBe(1)
  const batches = opened.batches[Symbol.asyncIterator]()
  await batches.next()
  const text = 'x'.repeat(60_000)
  for (let i = 0; i < 1_000; i++) {
    sendPacket(shared, text)
    if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  // 60 MB were sent: the reader's queue of 16 MiB and the buffers of the connection hold less.
  expect(shared.readers[0]?.figures.lostPackets).toBeGreaterThan(200)
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(150_000_000)
})

test('a stream of names is read no faster than they are taken', async () => {
  const shared = await share({ protocol: 'tcp' })
  await shared.writer.addInterface(web)
  let release = () => {}
  const room = new Promise<void>((resolve) => {
    release = resolve
  })
  let names = 0
  const notes = {
    takeNames: (more: readonly AddressName[]) => (names += more.length),
    takeTlsSecrets: () => {},
    taken: () => (names === 0 ? Promise.resolve() : room),
  }
  const { signal } = new AbortController()
  const source = await openPacketStream(shared.name, { notes, signal, onWaiting: () => {} })
  afterThisTest.add(source.kill)
  const reading = readAll(source)
  await expect.poll(() => shared.readers.length).toBe(1)
  for (let i = 0; i < 50; i++) {
    await shared.writer.addNames([{ address: '10.0.0.7', name: `web-${i}` }])
    sendPacket(shared, `packet ${i}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const before = names
  expect(before).toBeLessThan(50)
  release()
  await shared.close()
  await reading.done
  expect(names).toBe(50)
})

test('stopping a fast stream closes it as the protocol says', async () => {
  const shared = await share()
  await shared.writer.addInterface(web)
  const opened = await open(shared.name).source
  await expect.poll(() => shared.readers.length).toBe(1)
  const timer = setInterval(() => {
    for (let i = 0; i < 4; i++) sendPacket(shared, 'x'.repeat(60_000))
  }, 1)
  afterThisTest.add(() => clearInterval(timer))
  const reading = readAll(opened)
  await expect.poll(() => reading.batches.length, { timeout: 20_000 }).toBeGreaterThan(10)
  const startedMs = performance.now()
  opened.stop()
  expect(await reading.done).toMatchObject({ error: undefined })
  clearInterval(timer)
  // Cutting the connection off is the last resort, after two seconds.
  expect(performance.now() - startedMs).toBeLessThan(1_900)
})
