import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseBlocks } from '../support/packets.ts'
import { readBlockTimes } from '../support/pcapng-times.ts'
import { makeRecordedFiles } from '../support/recorded-files.ts'
import { openRecorderCluster } from '../support/recorder-cluster.ts'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const startMs = Date.UTC(2026, 10, 30, 21)

/** Recorders whose packets alternate. */
async function makeRecorders(name: string, nodes: readonly string[], count: number) {
  const made = nodes.map(async (node, i) => {
    const packets = { count, startMs: startMs + i * 100, stepMs: 100 * nodes.length, name: `shop/${node} any` }
    return [node, await makeRecordedFiles(path.join(folder, name, node), packets)] as const
  })
  return Object.fromEntries(await Promise.all(made))
}

async function fetch(cluster: Awaited<ReturnType<typeof openRecorderCluster>>, name: string, ...argv: string[]) {
  const environment = { KUBECONFIG: await cluster.writeKubeconfig(path.join(folder, `${name}.yaml`)) }
  const file = path.join(folder, `${name}.pcapng`)
  const { code, stderr } = await runKcap(['record', 'fetch', 'orders-7f3a', '-o', file, ...argv], environment)
  const bytes = await readFile(file).catch(() => Buffer.alloc(0))
  return { code, stderr, bytes, times: readBlockTimes(bytes) }
}

const evenTimes = (count: number) => Array.from({ length: count }, (_, i) => BigInt(startMs + i * 100) * 1_000_000n)

test('the recordings of all nodes are merged in order of time, with one interface each', async () => {
  const folders = await makeRecorders('merged', ['node-1', 'node-2', 'node-3'], 300)
  const { code, stderr, bytes, times } = await fetch(await openRecorderCluster({ folders }), 'merged')
  expect([code, stderr]).toEqual([0, expect.stringContaining('900 packets')])
  expect(times).toEqual(evenTimes(900))
  expect(parseBlocks(bytes).filter(({ type }) => type === 1)).toHaveLength(3)
})

test('recordings whose connections break off again and again are complete, and nothing is twice', async () => {
  const folders = await makeRecorders('cut', ['node-1', 'node-2'], 300)
  let cuts = 0
  const cluster = await openRecorderCluster({ folders, cutAfterBytes: () => (cuts++ < 6 ? 150_000 : undefined) })
  const { code, stderr, times } = await fetch(cluster, 'cut')
  expect(code, stderr).toBe(0)
  expect(stderr.match(/; resuming$/gm)).toHaveLength(6)
  expect(times).toEqual(evenTimes(600))
  expect(cluster.execs.length).toBe(8)
})

test('a time limits what is read, and a recorder that does not run is named, in a comment too', async () => {
  const folders = await makeRecorders('part', ['node-1', 'node-2'], 300)
  const cluster = await openRecorderCluster({ folders: { ...folders, 'node-3': undefined } })
  const range = ['--from', new Date(startMs + 10_000).toISOString(), '--to', new Date(startMs + 20_000).toISOString()]
  const { code, stderr, bytes, times } = await fetch(cluster, 'part', ...range)
  expect(times).toEqual(evenTimes(201).slice(100))
  const state = 'cannot read "record/orders-7f3a@node-3": no recorder runs there: no pod yet'
  expect([code, stderr]).toEqual([4, expect.stringContaining(`kcap: error: ${state}\n`)])
  const comments = parseBlocks(bytes).flatMap((block) => {
    const length = block.type === 6 ? 20 + ((block.body.readUInt32LE(12) + 3) & ~3) : 0
    return length === 0 ? [] : (block.options(length).get(1) ?? []).map(String)
  })
  expect(comments).toEqual([`from here on, packets are missing: ${state}`])
})

test.each([
  [['--last', '10m', '--from', '21:05'], 'cannot use --last together with --from or --to'],
  [['--from', '2026-11-30', '--to', '2026-11-29'], 'the end is before the start'],
  [['--last', 'x'], 'cannot use --last "x"'],
])('%j is refused', async (argv, state) => {
  const { code, stderr } = await fetch(await openRecorderCluster({ folders: {} }), 'refused', ...argv)
  expect([code, stderr]).toEqual([2, expect.stringContaining(state)])
})
