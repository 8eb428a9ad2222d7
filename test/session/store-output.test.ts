import { createHash } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { UploadRequest } from '../../src/base/capture-request.ts'
import { findWholeLength } from '../../src/packets/find-whole-length.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { countPackets, parseBlocks } from '../support/packets.ts'
import { runCliHere, seeEnvironment } from '../support/run-cli-here.ts'
import { s3Environment, startS3Server } from '../support/s3-server.ts'
import { startSession } from '../support/session-run.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const demo = await openDemoFixture({ packetsPerSecond: 2_000 })
const kubeconfig = await demo.kubeconfig()
const server = await startS3Server()
const { store } = server
let folder: string

beforeEach(async () => {
  folder = await makeTempFolder()
  for (const map of [server.objects, server.writes, server.openUploads]) map.clear()
  server.fault = () => undefined
})

const storeWords = ['--to', 's3://traces/api', '--s3-endpoint', store.endpoint ?? '', '--s3-path-style']

async function capture(...words: string[]) {
  const run = await runCliHere(['svc/orders', '-n', 'prod', ...storeWords, ...words], {
    KUBECONFIG: kubeconfig,
    TMPDIR: folder,
    ...s3Environment,
  })
  return { ...run, left: await readdir(folder) }
}

const files = () => [...server.objects].filter(([key]) => key.endsWith('.pcapng')).sort(([a], [b]) => (a < b ? -1 : 1))
const indexOf = (key: string) =>
  JSON.parse(server.objects.get(`${key}.json`)?.body.toString() ?? '') as Record<string, unknown>
const sectionComment = (file: Buffer) => parseBlocks(file)[0]?.options(16).get(1)?.[0]?.toString() ?? ''
const sumPackets = () => files().reduce((sum, [, { body }]) => sum + countPackets(body), 0)

describe('a capture with --to', () => {
  test('stores each packet once, with an index object for each file, and leaves nothing here', async () => {
    const { code, stderr, left } = await capture('--count', '2000', '--rotate-size', '100kB')
    expect([code, left]).toEqual([0, []])
    expect(files().length).toBeGreaterThan(2)
    expect(sumPackets()).toBe(2_000)
    for (const [key, { body }] of files()) {
      expect(key).toMatch(/^api\/[\w.-]+-\d{8}T\d{6}Z-[\da-f]{6}_\d{5}_\d{14}\.pcapng$/)
      const index = indexOf(key)
      expect(index).toMatchObject({
        file: key,
        bytes: body.length,
        packets: countPackets(body),
        sha256: createHash('sha256').update(body).digest('hex'),
        targets: 'service orders in namespace prod',
        lostBefore: null,
      })
      expect(BigInt(index.lastNs as string) >= BigInt(index.firstNs as string)).toBe(true)
      expect(index.interfaces).toEqual(expect.arrayContaining([expect.stringContaining('prod/orders')]))
    }
    expect(stderr).toContain(`kcap: 2,000 packets, `)
    expect(stderr).toContain(`written to s3://traces/api/ (${files().length} files) in `)
    for (const text of [stderr, ...[...server.objects.values()].map(({ body }) => body.toString('latin1'))])
      expect(text).not.toContain(s3Environment.AWS_SECRET_ACCESS_KEY)
    expect([...server.writes.values()].every((count) => count === 1)).toBe(true)
  })

  test('keeps the files of -o as well', async () => {
    const { code, left } = await capture(
      '--count',
      '1000',
      '-o',
      path.join(folder, 'orders.pcapng'),
      '--rotate-size',
      '64kB',
    )
    expect(code).toBe(0)
    expect(left.length).toBe(files().length)
    for (const [key, { body }] of files()) {
      const [, name = ''] = /^api\/[\w.-]+-\d{8}T\d{6}Z-[\da-f]{6}-(orders_\d{5}_\d{14}\.pcapng)$/.exec(key) ?? []
      expect((await readFile(path.join(folder, name))).equals(body)).toBe(true)
    }
  })

  test('ends at once when the bucket is missing, and leaves no folder', async () => {
    const words = ['--to', 's3://others/api']
    const { code, stderr, left } = await capture(...words)
    expect([code, left]).toEqual([3, []])
    expect(stderr).toContain('kcap: error: cannot store files in "s3://others/api/": there is no bucket "others"\n')
  })
})

const target = { kind: 'pod', pod: 'orders-6c9f', namespace: 'prod', kubeconfigPaths: [kubeconfig] } as const
const upload: UploadRequest = { store, name: 'web-1', finishMs: 20_000 }
const startCapture = (more: Parameters<typeof startSession>[2] = {}) => {
  seeEnvironment({ ...s3Environment, TMPDIR: folder, AWS_MAX_ATTEMPTS: '1', KUBECONFIG: kubeconfig })
  return startSession('', target, {
    output: { kind: 'store' },
    upload,
    rotation: { fileBytes: 64_000, keepBytes: 1_000_000 },
    ...more,
  })
}

test('while the store is away, the ring fills and not the disk; the loss is reported, in a comment and in an index object', async () => {
  const session = startCapture({ rotation: { fileBytes: 64_000, keepBytes: 300_000 } })
  await session.untilCapturing('prod/orders-6c9f')
  server.fault = () => ({ status: 503, code: 'ServiceUnavailable' })
  await session.untilEvent(/LOST in total/)
  const [waiting = ''] = await readdir(folder)
  const sizes = await Promise.all(
    (await readdir(path.join(folder, waiting))).map(
      async (name) => (await readFile(path.join(folder, waiting, name))).length,
    ),
  )
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(300_000)
  await session.until('another loss', () => session.sources().some(({ packets }) => packets > 5_000))
  server.fault = () => undefined
  const summary = await session.stop()
  const indexes = files().map(([key]) => indexOf(key))
  const lost = indexes.flatMap(({ lostBefore }) => (lostBefore === null ? [] : [lostBefore as { packets: number }]))
  expect(lost.length).toBeGreaterThan(0)
  const lostPackets = lost.reduce((sum, { packets }) => sum + packets, 0)
  expect(sumPackets() + lostPackets).toBe(summary.packets)
  expect(summary.savedPackets).toBe(sumPackets())
  const comments = files().map(([, { body }]) => sectionComment(body))
  expect(
    comments.filter((comment) => /\d+ files? with .* before this file were lost/.test(comment)).length,
  ).toBeGreaterThan(0)
  expect(await readdir(folder)).toEqual([])
})

test("what can't be stored in time stays, and 'store-incomplete' names it", async () => {
  const session = startCapture({ upload: { ...upload, finishMs: 300 } })
  await session.untilCapturing('prod/orders-6c9f')
  server.fault = () => ({ status: 500, code: 'InternalError' })
  const error = await failureOf(session.stop())
  const [waiting = ''] = await readdir(folder)
  const [name = ''] = await readdir(path.join(folder, waiting))
  expect([error.code, error.exitCode]).toEqual(['store-incomplete', 7])
  expect(error.message).toMatch(/^cannot store 1 file in "s3:\/\/traces\/api\/": cannot store "s3:.*: HTTP 500/)
  expect(error.hints).toEqual([
    expect.stringMatching(/^\d+ packets are saved$/),
    `not stored: ${path.join(folder, waiting, name)}`,
    `aws s3 cp --recursive ${path.join(folder, waiting)} s3://traces/api/`,
    'kcap --verbose shows the whole answer',
  ])
  expect(countPackets(await readFile(path.join(folder, waiting, name)))).toBeGreaterThan(0)
  // The folder has the process in its name, which has not ended.
  const [, machine = ''] = waiting.split('.')
  const abandoned = path.join(folder, `kcap-waiting.${machine}.999999999.1.abcdef`)
  await rename(path.join(folder, waiting), abandoned)
  server.fault = () => undefined
  const next = startCapture()
  await next.untilCapturing('prod/orders-6c9f')
  await next.stop()
  expect(next.events).toContain(`files that an earlier capture could not store are in "${abandoned}"`)
})

test('a resumed ring stores the files of a killed run under their own keys, the cut one shortened', async () => {
  const first = startCapture({ output: { kind: 'store', folder }, upload: { ...upload, finishMs: 1 } })
  await first.untilCapturing('prod/orders-6c9f')
  server.fault = () => ({ status: 503, code: 'ServiceUnavailable' })
  await first.until('packets', () => first.sources().some(({ packets }) => packets > 2_000))
  await first.stop().catch(() => {})
  const names = (await readdir(folder)).sort()
  const newest = path.join(folder, names.at(-1) ?? '')
  const whole = await readFile(newest)
  await writeFile(newest, whole.subarray(0, -7))
  server.fault = () => undefined
  server.objects.clear()
  const second = startCapture({
    output: { kind: 'store', folder },
    rotation: { fileBytes: 64_000, keepBytes: 1_000_000, resume: true },
  })
  await second.untilCapturing('prod/orders-6c9f')
  await second.stop()
  const stored = files().map(([key]) => path.basename(key))
  expect(stored.slice(0, names.length)).toEqual(names)
  expect(stored.length).toBeGreaterThan(names.length)
  expect(Number(stored[names.length]?.slice(6, 11))).toBe(names.length + 1)
  for (const [, { body }] of files())
    expect(await findWholeLength(async (at, length) => body.subarray(at, at + length), body.length)).toBe(body.length)
  expect(await readdir(folder)).toEqual([])
})
