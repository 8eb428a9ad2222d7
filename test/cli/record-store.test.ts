import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { readBlockTimes } from '../support/pcapng-times.ts'
import { runKcap } from '../support/run-kcap.ts'
import { s3Environment, startS3Server } from '../support/s3-server.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const server = await startS3Server()
const { store } = server
const url = `s3://${store.bucket}/${store.prefix}`
const place = ['--s3-endpoint', store.endpoint ?? '', '--s3-path-style']
let captured = 0

beforeAll(async () => {
  const runs = ['orders-6c9f', 'web-0'].map(async () => {
    const limits = ['--rate', '500', '--duration', '2', '--rotate-size', '64kB', '--json']
    const { code, stderr } = await runKcap(['demo', '--to', url, ...place, ...limits], s3Environment)
    expect(code, stderr).toBe(0)
    const summary = stderr.split('\n').find((line) => line.includes('"event":"summary"')) ?? '{}'
    return (JSON.parse(summary) as { packets: number }).packets
  })
  for (const run of runs) captured += await run
}, 60_000)

test('the files of all captures below a prefix are listed with the times of their packets', async () => {
  const { code, stdout } = await runKcap(['record', 'list', url, ...place, '-o', 'json'], s3Environment)
  expect(code).toBe(0)
  const rows = JSON.parse(stdout.toString()) as { capture: string; first: string; packets: string }[]
  expect(new Set(rows.map(({ capture }) => capture)).size).toBe(2)
  expect(rows.length).toBeGreaterThan(4)
  expect(rows.reduce((sum, { packets }) => sum + Number(packets.replaceAll(',', '')), 0)).toBe(captured)
  expect(rows.map(({ first }) => first).every((time) => !Number.isNaN(new Date(time).getTime()))).toBe(true)
})

test('a fetch merges all of them in order of time', async () => {
  const file = path.join(folder, 'all.pcapng')
  const { code, stderr } = await runKcap(['record', 'fetch', url, ...place, '--force', '-o', file], s3Environment)
  expect(code, stderr).toBe(0)
  const times = readBlockTimes(await readFile(file))
  expect(times).toHaveLength(captured)
  expect(times).toEqual(times.toSorted((a, b) => Number(a - b)))
})

test('a fetch of a time has the packets of that time only', async () => {
  const all = path.join(folder, 'whole.pcapng')
  const some = path.join(folder, 'some.pcapng')
  await runKcap(['record', 'fetch', url, ...place, '--force', '-o', all], s3Environment)
  const times = readBlockTimes(await readFile(all))
  const middle = times[Math.floor(times.length / 2)] ?? 0n
  const from = new Date(Number(middle / 1_000_000n)).toISOString()
  const { code } = await runKcap(
    ['record', 'fetch', url, ...place, '--from', from, '--force', '-o', some],
    s3Environment,
  )
  expect(code).toBe(0)
  const fromNs = (middle / 1_000_000n) * 1_000_000n
  expect(readBlockTimes(await readFile(some))).toEqual(times.filter((time) => time >= fromNs))
})

test('a time without packets is an error that names the list', async () => {
  const argv = ['record', 'fetch', url, ...place, '--to', '2001-01-01', '-o', path.join(folder, 'none.pcapng')]
  const { code, stderr } = await runKcap(argv, s3Environment)
  expect([code, stderr]).toEqual([
    2,
    `kcap: error: cannot fetch from "${url}": no file has packets of that time\nkcap:   hint: kcap record list ${url}\n`,
  ])
})
