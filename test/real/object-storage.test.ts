import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { beforeEach, expect, test } from 'vitest'
import type { StoreName } from '../../src/base/store-name.ts'
import { openStoreReader } from '../../src/store/open-reader.ts'
import { openStoreClient } from '../../src/store/store-client.ts'
import { failureOf } from '../support/failure.ts'
import { hasPrograms } from '../support/has-program.ts'
import { seeEnvironment } from '../support/run-cli-here.ts'
import { runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { startSwift, swiftPrograms } from './swift-server.ts'

const run = promisify(execFile)

/** Length of the test with kills: seconds, kills, size of a file. By default it is short. */
const [seconds = 16, kills = 3, fileMegabytes = 12] = (process.env.KCAP_STORE_ROUND ?? '')
  .split(',')
  .filter(Boolean)
  .map(Number)

const needed = [...swiftPrograms, 'capinfos']
const hasSwift = needed.every((name) => hasPrograms(name))
if (!hasSwift)
  console.log(`the tests of object storage need: ${needed.filter((name) => !hasPrograms(name)).join(', ')}`)
const swiftTest = hasSwift || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip
const swift = hasSwift || process.env.KCAP_REQUIRE_REAL === '1' ? await startSwift() : undefined
const endpoint = swift?.endpoint ?? ''
const store: StoreName = { bucket: 'traces', prefix: 'api/', endpoint, pathStyle: true }
const { signal } = new AbortController()
const words = ['--to', 's3://traces/api', '--s3-endpoint', endpoint, '--s3-path-style']
let folder: string

if (swift !== undefined) {
  seeEnvironment(swift.environment)
  const client = await openStoreClient(store)
  await client.send(new CreateBucketCommand({ Bucket: 'traces' }))
  client.destroy()
}

beforeEach(async () => {
  folder = await makeTempFolder()
})

async function countPackets(file: string): Promise<number> {
  const { stdout } = await run('capinfos', ['-Mc', file])
  return Number(/Number of packets:\s+(\d+)/.exec(stdout)?.[1])
}

swiftTest(
  'a server that is killed again and again gets every file once, with its own bytes',
  { timeout: 600_000 },
  async () => {
    const server = swift as NonNullable<typeof swift>
    const prefix = ['--to', 's3://traces/kills', ...words.slice(2)]
    const limits = ['--duration', String(seconds), '--rotate-size', `${fileMegabytes}MB`]
    const file = path.join(folder, 'orders.pcapng')
    const kcap = startKcap(['demo', '--rate', '50000', ...prefix, ...limits, '-o', file], {
      ...server.environment,
      TMPDIR: folder,
    })
    for (let i = 0; i < kills; i++) {
      await sleep((seconds * 1_000) / (kills + 1) - 1_500)
      await server.kill()
      await sleep(200 + 300 * (i % 4))
      await server.start()
    }
    const { code, stderr } = await kcap.ended
    expect([code, stderr]).toEqual([0, expect.stringContaining('duration reached')])
    expect(stderr).not.toContain('LOST')

    const reader = await openStoreReader({ ...store, prefix: 'kills/' })
    const { files, unindexed } = await reader.list({ signal })
    const names = (await readdir(folder)).filter((name) => name.endsWith('.pcapng')).sort()
    expect(unindexed).toEqual([])
    expect(files.map(({ key }) => key.replace(/^.*-orders_/, 'orders_'))).toEqual(names)
    let packets = 0
    for (const [i, stored] of files.entries()) {
      const hash = createHash('sha256')
      for await (const chunk of reader.read(stored, { signal })) hash.update(chunk)
      const local = path.join(folder, names[i] ?? '')
      expect(hash.digest('hex')).toBe(
        createHash('sha256')
          .update(await readFile(local))
          .digest('hex'),
      )
      expect(await countPackets(local)).toBe(stored.packets)
      packets += stored.packets
    }
    reader.close()
    expect(stderr).toContain(`kcap: ${packets.toLocaleString('en')} packets, `)
    const bytes = (await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size))).reduce(
      (sum, size) => sum + size,
      0,
    )
    console.log(`${files.length} files, ${(bytes / 1e6).toFixed(0)} MB, ${packets} packets, ${kills} kills\n${stderr}`)
  },
)

swiftTest('a reader continues when the server is killed in the middle of a file', async () => {
  const server = swift as NonNullable<typeof swift>
  const prefix = ['--to', 's3://traces/read', ...words.slice(2)]
  const { code } = await runKcap(['demo', '--rate', '50000', '--duration', '3', ...prefix], {
    ...server.environment,
    TMPDIR: folder,
  })
  expect([code, await readdir(folder)]).toEqual([0, []])
  const reader = await openStoreReader({ ...store, prefix: 'read/' })
  const [stored] = (await reader.list({ signal })).files
  if (stored === undefined) throw new Error('nothing is stored')
  const chunks: Buffer[] = []
  let isKilled = false
  for await (const chunk of reader.read(stored, { signal })) {
    chunks.push(chunk)
    if (isKilled) continue
    isKilled = true
    await server.kill()
    void server.start()
  }
  reader.close()
  const file = path.join(folder, 'read.pcapng')
  await writeFile(file, Buffer.concat(chunks))
  expect(await countPackets(file)).toBe(stored.packets)
})

swiftTest.each([
  [
    'a wrong secret',
    ['--to', 's3://traces/api'],
    { AWS_SECRET_ACCESS_KEY: 'wrong' },
    4,
    `cannot store files in "s3://traces/api/": ${endpoint} refuses the login: the secret key is not that of the access key`,
  ],
  [
    'a missing bucket',
    ['--to', 's3://others/api'],
    {},
    3,
    'cannot store files in "s3://others/api/": there is no bucket "others"',
  ],
])('%s ends the capture at once', async (_what, to, environment, exitCode, message) => {
  const { code, stderr } = await runKcap(['demo', ...words, ...to], {
    ...swift?.environment,
    ...environment,
    TMPDIR: folder,
  })
  expect([code, stderr.split('\n')[0]]).toEqual([exitCode, `kcap: error: ${message}`])
  expect(await readdir(folder)).toEqual([])
})

swiftTest("a clock that is an hour ahead is 'store-clock'", async () => {
  seeEnvironment(swift?.environment)
  const reader = await openStoreReader(store, { clockOffsetMs: 3_600_000 })
  const { code, message } = await failureOf(reader.list({ signal })).finally(() => reader.close())
  expect([code, message]).toEqual([
    'store-clock',
    `cannot list "s3://traces/api/": ${endpoint} refuses the request: this machine's clock differs from its own by more than 15 minutes`,
  ])
})
