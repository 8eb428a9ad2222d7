import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request as sendRequest } from 'node:https'
import { type AddressInfo, connect, createServer } from 'node:net'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import type { PortShare } from '../../src/base/capture-request.ts'
import { makeBroadcast } from '../../src/output/broadcast.ts'
import { openShare } from '../../src/share/open-share.ts'
import type { ReaderEvent } from '../../src/share/reader-list.ts'
import { makeServerCertificate } from '../../src/tls/self-signed-certificate.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

async function open(more: Partial<PortShare> = {}) {
  const broadcast = makeBroadcast({ namesBytes: 1_000, queueBytes: 100_000, noteLoss: (bytes) => bytes })
  broadcast.publishHeader(Buffer.from('HEAD '))
  const events: ReaderEvent[] = []
  const request = { protocol: 'kcaps', host: '127.0.0.1', port: 0, maxReaders: 2, ...more } as const
  const share = await openShare(request, broadcast, (event) => events.push(event))
  afterThisTest.add(async () => {
    broadcast.end()
    await share.close()
  })
  const url = share.link.replace(/^kcaps/, 'wss').replace(/#.*/, '')
  return {
    broadcast,
    share,
    events,
    url,
    publish: (text: string) => broadcast.publish({ bytes: Buffer.from(text), packets: 1 }),
  }
}

/** A WebSocket client that keeps what it gets. */
async function read(url: string, options: WebSocket.ClientOptions = {}, protocols: string[] = []) {
  const client = new WebSocket(url, protocols, { rejectUnauthorized: false, ...options })
  const state = { client, text: '', closed: once(client, 'close').then(([code]) => code as number) }
  client.on('message', (data) => {
    state.text += String(data)
  })
  await once(client, 'open')
  return state
}

/** Status of the answer that refuses a WebSocket. */
async function statusOf(url: string, options: WebSocket.ClientOptions = {}, protocols: string[] = []): Promise<number> {
  const client = new WebSocket(url, protocols, { rejectUnauthorized: false, ...options })
  client.on('error', () => {})
  const [, response] = await once(client, 'unexpected-response')
  client.terminate()
  return response.statusCode
}

test('a link holds the address, a random token and the fingerprint of the certificate that the server shows', async () => {
  const { share } = await open()
  const [, port, token, fingerprint] =
    /^kcaps:\/\/127\.0\.0\.1:(\d+)\/([\w-]{32})#sha256:([\da-f]{64})$/.exec(share.link) ?? []
  expect(Buffer.from(token ?? '', 'base64url')).toHaveLength(24)
  const socket = connectTls({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { raw } = socket.getPeerCertificate()
  socket.destroy()
  expect(createHash('sha256').update(raw).digest('hex')).toBe(fingerprint)
  expect((await open()).share.link).not.toContain(token)
})

test('readers get whole pieces as binary messages until the capture ends, and are reported', async () => {
  const { broadcast, share, events, url, publish } = await open()
  const first = await read(url, {}, ['pcapng.kcap.v1'])
  publish('one ')
  const second = await read(url)
  await expect.poll(() => second.text).toBe('HEAD ')
  publish('two ')
  broadcast.end()
  await share.close()
  expect([await first.closed, await second.closed]).toEqual([1000, 1000])
  expect([first.text, second.text]).toEqual(['HEAD one two ', 'HEAD two '])
  expect(first.client.protocol).toBe('pcapng.kcap.v1')
  expect(events.map(({ kind, readerCount }) => [kind, readerCount]).slice(0, 2)).toEqual([
    ['joined', 1],
    ['joined', 2],
  ])
  expect(events).toHaveLength(4)
  expect(share.readers.map(({ figures }) => figures)).toEqual([
    { packets: 2, bytes: 13, lostPackets: 0 },
    { packets: 1, bytes: 9, lostPackets: 0 },
  ])
})

test('a wrong token is refused with 401, and after five of them the address with 429', async () => {
  const { url } = await open()
  const wrong = `${url.slice(0, -1)}${url.endsWith('A') ? 'B' : 'A'}`
  for (let i = 0; i < 5; i++) expect(await statusOf(i === 0 ? new URL('/', url).href : wrong)).toBe(401)
  expect(await statusOf(wrong)).toBe(429)
  expect(await statusOf(url)).toBe(429)
})

test('a web page, a foreign subprotocol and one reader too many are refused', async () => {
  const { url } = await open()
  expect(await statusOf(url, { origin: 'https://example.com' })).toBe(403)
  expect(await statusOf(url, {}, ['chat'])).toBe(400)
  await Promise.all([read(url), read(url)])
  expect(await statusOf(url)).toBe(503)
})

test('a plain HTTPS request with the token is answered with 426', async () => {
  const { url } = await open()
  const request = sendRequest(url.replace(/^wss/, 'https'), { rejectUnauthorized: false }).end()
  const [response] = await once(request, 'response')
  expect(response.statusCode).toBe(426)
})

test('a reader that sends more than a word is dropped, and the others stay', async () => {
  const { url, publish } = await open()
  const [loud, good] = await Promise.all([read(url), read(url)])
  loud.client.send(Buffer.alloc(10_000_000))
  loud.client.on('error', () => {})
  expect([1006, 1009]).toContain(await loud.closed)
  publish('on ')
  await expect.poll(() => good.text).toBe('HEAD on ')
})

test('TLS 1.1 is refused', async () => {
  const { url } = await open()
  const socket = connectTls({
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'ALL:@SECLEVEL=0',
  })
  const [error] = await once(socket, 'error')
  expect(String(error)).toMatch(/alert|version|protocol/i)
})

test("with the user's own certificate the link has no fingerprint", async () => {
  const folder = await makeTempFolder()
  const [certificateFile, keyFile] = ['cert.pem', 'key.pem'].map((name) => path.join(folder, name)) as [string, string]
  const own = makeServerCertificate()
  writeFileSync(certificateFile, own.certificate)
  writeFileSync(keyFile, own.key)
  const { share, url } = await open({ certificate: { certificateFile, keyFile } })
  expect(share.link).not.toContain('#')
  const reader = await read(url, { ca: own.certificate, rejectUnauthorized: true })
  expect(new X509Certificate(own.certificate).checkIP('127.0.0.1')).toBe('127.0.0.1')
  reader.client.terminate()
})

test.each([
  ['is missing', 'none.pem', /^cannot read ".*none\.pem": ENOENT/],
  ['is none', 'text.pem', /^cannot use ".*text\.pem": it holds no certificate in PEM$/],
])("a certificate that %s is 'share-failed', with exit code 7", async (_what, name, message) => {
  const folder = await makeTempFolder()
  writeFileSync(path.join(folder, 'text.pem'), 'no certificate')
  const certificate = { certificateFile: path.join(folder, name), keyFile: path.join(folder, 'text.pem') }
  const error = await failureOf(open({ certificate }))
  expect([error.code, error.exitCode]).toEqual(['share-failed', 7])
  expect(error.message).toMatch(message)
  expect(error.hints).toEqual(['--serve-cert FILE --serve-key FILE'])
})

test("a port that is taken is 'share-failed', with what to type instead", async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  afterThisTest.add(() => other.close())
  const { port } = other.address() as AddressInfo
  const error = await failureOf(open({ port }))
  expect([error.code, error.message]).toEqual([
    'share-failed',
    `cannot share the capture at "127.0.0.1:${port}": another program listens there`,
  ])
  expect(error.hints).toEqual(['--serve', '--serve ADDRESS:PORT'])
})

test('a plain stream is read by whoever connects, and one that stalls loses only its own packets', async () => {
  const { broadcast, share, publish } = await open({ protocol: 'tcp' })
  const port = Number(new URL(share.link).port)
  const [good, stalled] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  stalled.pause()
  let bytes = 0
  good.on('data', (data) => (bytes += data.length))
  await expect.poll(() => share.readers.length).toBe(2)
  const piece = 'x'.repeat(50_000)
  for (let i = 0; i < 400; i++) {
    publish(piece)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  broadcast.end()
  await once(good, 'end')
  expect(bytes).toBe(5 + 400 * 50_000)
  const lost = share.readers.map(({ figures }) => figures.lostPackets).sort((a, b) => a - b)
  expect(lost[0]).toBe(0)
  expect(lost[1]).toBeGreaterThan(100)
  stalled.destroy()
})

test('closing waits some seconds for a reader that takes nothing, no longer', { timeout: 20_000 }, async () => {
  const { broadcast, share, publish } = await open({ protocol: 'tcp' })
  const stalled = connect(Number(new URL(share.link).port), '127.0.0.1')
  stalled.pause()
  stalled.on('error', () => {})
  await expect.poll(() => share.readers.length).toBe(1)
  for (let i = 0; i < 400; i++) {
    publish('x'.repeat(50_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  broadcast.end()
  const startedMs = performance.now()
  await share.close()
  expect(performance.now() - startedMs).toBeGreaterThan(4_000)
  expect(share.readers[0]?.figures.lostPackets).toBeGreaterThan(100)
  stalled.destroy()
})
