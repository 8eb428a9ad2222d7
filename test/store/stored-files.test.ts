import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openStoreReader, type StoreReader } from '../../src/store/open-reader.ts'
import { openUpload } from '../../src/store/open-upload.ts'
import { openStoreClient } from '../../src/store/store-client.ts'
import { digestFile, storeFile } from '../../src/store/store-file.ts'
import { failureOf } from '../support/failure.ts'
import { seeEnvironment } from '../support/run-cli-here.ts'
import { s3Environment, startS3Server } from '../support/s3-server.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const server = await startS3Server()
const { store } = server
const { signal } = new AbortController()
let reader: StoreReader

beforeEach(async () => {
  seeEnvironment(s3Environment)
  for (const map of [server.objects, server.writes, server.openUploads]) map.clear()
  server.requests.length = 0
  server.fault = () => undefined
  reader = await openStoreReader(store)
})

/** Stores a file of random bytes by a queue, and returns its key and bytes. */
async function storeRandom(name: string, length: number, firstNs: bigint, lastNs: bigint) {
  const bytes = randomBytes(length)
  const file = path.join(folder, name)
  await writeFile(file, bytes)
  const stored: string[] = []
  const upload = await openUpload(store, {
    name: 'web-1',
    targets: 'service orders',
    mayBeAway: false,
    signal,
    tell: () => {},
    onStored: async (path) => void stored.push(path),
  })
  const figures = { packets: 7, bytes: length, firstNs, lastNs, interfaces: ['prod/orders any'], dropped: 3 }
  upload.queue.add(file, figures)
  await upload.queue.finish(20_000)
  upload.close()
  expect(stored).toEqual([file])
  return { key: `api/web-1-${name}`, bytes, file }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('a large file is stored in parts, with an index object, and is read back the same', async () => {
  const { key, bytes } = await storeRandom(
    'large.pcapng',
    20 * 1024 * 1024 + 5,
    1_700_000_000_000_000_001n,
    1_700_000_009_000_000_000n,
  )
  expect(server.objects.get(key)?.body.equals(bytes)).toBe(true)
  expect(server.objects.get(key)?.entityTag).toMatch(/-3$/)
  expect(server.openUploads.size).toBe(0)
  const { files, unindexed, isCut } = await reader.list({ signal })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect([unindexed, isCut]).toEqual([[], false])
  expect(files).toEqual([
    {
      key,
      bytes: bytes.length,
      packets: 7,
      dropped: 3,
      firstNs: 1_700_000_000_000_000_001n,
      lastNs: 1_700_000_009_000_000_000n,
      interfaces: ['prod/orders any'],
      sha256,
      lostBefore: undefined,
      capture: expect.objectContaining({ name: 'web-1', targets: 'service orders' }),
    },
  ])
  expect((await readAll(reader.read(files[0] as never, { signal }))).equals(bytes)).toBe(true)
})

test('the digests of a file are those that S3 calculates', async () => {
  const file = path.join(folder, 'exact.pcapng')
  for (const length of [1, 8 * 1024 * 1024, 16 * 1024 * 1024, 16 * 1024 * 1024 + 1]) {
    const bytes = randomBytes(length)
    await writeFile(file, bytes)
    const client = await openStoreClient(store)
    const digests = await storeFile(client, file, { bucket: 'traces', key: 'api/exact.pcapng', signal })
    client.destroy()
    expect(digests).toEqual(await digestFile(file, signal))
    expect(server.objects.get('api/exact.pcapng')?.entityTag).toBe(digests.entityTag)
    expect(digests.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  }
})

test('an upload fails when the store has another content, and leaves no parts', async () => {
  const file = path.join(folder, 'other.pcapng')
  await writeFile(file, randomBytes(9 * 1024 * 1024))
  const client = await openStoreClient(store)
  const options = { bucket: 'traces', key: 'api/other.pcapng', signal }
  server.fault = ({ method, query }) =>
    method === 'POST' && query.has('uploadId') ? { entityTag: `${'0'.repeat(32)}-2` } : undefined
  await expect(storeFile(client, file, options)).rejects.toThrow('the store has another content')
  server.fault = ({ query }) => (query.get('partNumber') === '2' ? { status: 400, code: 'BadDigest' } : undefined)
  await expect(storeFile(client, file, options)).rejects.toThrow('BadDigest')
  client.destroy()
  expect(server.openUploads.size).toBe(0)
})

test("where the bucket's encryption hides the digest, the length confirms a file, and no right to read is needed", async () => {
  const file = path.join(folder, 'encrypted.pcapng')
  await writeFile(file, randomBytes(1_000))
  const client = await openStoreClient(store)
  const options = { bucket: 'traces', key: 'api/encrypted.pcapng', signal }
  const encrypted = { entityTag: 'f'.repeat(32), encryption: 'aws:kms' }
  server.fault = ({ method }) => (method === 'PUT' ? encrypted : undefined)
  expect((await storeFile(client, file, options)).bytes).toBe(1_000)
  server.fault = ({ method }) => (method === 'PUT' ? encrypted : { status: 403, code: 'AccessDenied' })
  expect((await storeFile(client, file, options)).bytes).toBe(1_000)
  client.destroy()
  expect(server.requests.map(({ method }) => method)).toEqual(['PUT', 'HEAD', 'PUT', 'HEAD'])
})

test('a list of many pages has the files of a time range, in order of time', async () => {
  const { key, file } = await storeRandom('a.pcapng', 100, 5_000n, 6_000n)
  const index = server.objects.get(`${key}.json`)?.body.toString() ?? ''
  for (let i = 0; i < 600; i++) {
    const other = `api/b-${String(i).padStart(5, '0')}.pcapng`
    const text = index
      .replace(key, other)
      .replace('"5000"', `"${10_000 - i}"`)
      .replace('"6000"', `"${10_000 - i}"`)
    const object = { entityTag: '', modified: new Date() }
    server.objects.set(other, { body: await readFile(file), ...object })
    server.objects.set(`${other}.json`, { body: Buffer.from(text), ...object })
  }
  const all = await reader.list({ signal })
  expect(all.files.length).toBe(601)
  expect(all.files.map(({ firstNs }) => Number(firstNs))).toEqual(
    all.files.map(({ firstNs }) => Number(firstNs)).sort((a, b) => a - b),
  )
  const some = await reader.list({ fromNs: 5_500n, toNs: 9_402n, signal })
  expect(some.files.map(({ key }) => key)).toEqual([key, 'api/b-00599.pcapng', 'api/b-00598.pcapng'])
})

test('index objects from long before the range are not read', async () => {
  const { key } = await storeRandom('a.pcapng', 100, 5_000n, 6_000n)
  server.requests.length = 0
  const list = await reader.list({ fromNs: BigInt(Date.now() + 2 * 3_600_000) * 1_000_000n, signal })
  expect(list.files).toEqual([])
  expect(server.requests.map(({ key }) => key)).not.toContain(`${key}.json`)
})

test.each([
  ['no index object', undefined],
  ['an index object that is no JSON', '{'],
  ['an index object of another file', '{"file":"other"}'],
  ['an index object without an end', `"${'x'.repeat(300_000)}`],
])('a file with %s is listed as unindexed', async (_what, text) => {
  const { key } = await storeRandom('a.pcapng', 100, 5_000n, 6_000n)
  if (text === undefined) server.objects.delete(`${key}.json`)
  else server.objects.set(`${key}.json`, { body: Buffer.from(text), entityTag: '', modified: new Date() })
  const list = await reader.list({ signal })
  expect([list.files, list.unindexed]).toEqual([[], [key]])
})

test('reading continues after broken connections, from any offset', async () => {
  const { bytes } = await storeRandom('a.pcapng', 3_000_000, 1n, 2n)
  const { files } = await reader.list({ signal })
  let cuts = 0
  server.fault = ({ method }) => (method === 'GET' && cuts++ < 4 ? { cutAfter: 500_000 } : undefined)
  expect((await readAll(reader.read(files[0] as never, { signal }))).equals(bytes)).toBe(true)
  expect(cuts).toBe(5)
  cuts = 0
  const rest = await readAll(reader.read(files[0] as never, { fromByte: 1_000_001, signal }))
  expect(rest.equals(bytes.subarray(1_000_001))).toBe(true)
})

test('reading gives up after eight attempts without a byte', async () => {
  seeEnvironment({ ...s3Environment, AWS_MAX_ATTEMPTS: '1' })
  await storeRandom('a.pcapng', 1_000, 1n, 2n)
  const { files } = await reader.list({ signal })
  reader.close()
  reader = await openStoreReader(store)
  server.requests.length = 0
  server.fault = () => ({ status: 503, code: 'ServiceUnavailable' })
  const pauses: number[] = []
  const clock = { nowMs: () => 0, sleep: async (ms: number) => void pauses.push(ms) }
  const error = await failureOf(readAll(reader.read(files[0] as never, { signal, clock })))
  expect([error.code, server.requests.length, pauses]).toEqual([
    'store-failed',
    8,
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000],
  ])
})

test('a file that was replaced, or has another length or digest, is an error', async () => {
  const { key } = await storeRandom('a.pcapng', 1_000, 1n, 2n)
  const { files } = await reader.list({ signal })
  const object = { entityTag: 'x', modified: new Date() }
  server.objects.set(key, { body: randomBytes(1_001), ...object })
  expect((await failureOf(readAll(reader.read(files[0] as never, { signal })))).message).toBe(
    `cannot read "s3://traces/${key}": it has 1001 bytes, not 1000`,
  )
  server.objects.set(key, { body: randomBytes(1_000), ...object })
  expect((await failureOf(readAll(reader.read(files[0] as never, { signal })))).message).toBe(
    `cannot read "s3://traces/${key}": its SHA-256 is not that of its index object`,
  )
  server.fault = ({ method }) => {
    if (method !== 'GET') return undefined
    server.fault = () => undefined
    setTimeout(() => server.objects.set(key, { body: randomBytes(1_000), entityTag: 'y', modified: new Date() }), 5)
    return { cutAfter: 500 }
  }
  expect((await failureOf(readAll(reader.read(files[0] as never, { signal })))).message).toBe(
    `cannot read "s3://traces/${key}": it has another content than at the beginning`,
  )
})
