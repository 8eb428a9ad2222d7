import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { runCliHere } from '../support/run-cli-here.ts'

const demo = await openDemoFixture({
  users: [{ name: 'pods-only', rights: [{ verbs: ['get', 'create'], resources: ['pods', 'pods/exec'] }] }],
})

async function capture(name: string, words: readonly string[] = [], user?: string) {
  const file = path.join(demo.folder, `${name}.pcapng`)
  const running = runCliHere(['prod/orders-6c9f', '-o', file, '--duration', '1', ...words], {
    KUBECONFIG: await demo.kubeconfig(user),
  })
  return { file, running }
}

/** Each name block as `address name` lines. */
async function readNames(file: string): Promise<string[][]> {
  return parseBlocks(await readFile(file)).flatMap(({ type, body }) => {
    if (type !== 4) return []
    const names: string[] = []
    for (let at = 0; body.readUInt16LE(at) !== 0; at += 4 + ((body.readUInt16LE(at + 2) + 3) & ~3)) {
      const addressLength = body.readUInt16LE(at) === 1 ? 4 : 16
      const name = body.toString('utf8', at + 4 + addressLength, at + 4 + body.readUInt16LE(at + 2) - 1)
      names.push(`${[...body.subarray(at + 4, at + 4 + addressLength)].join('.')} ${name}`)
    }
    return [names]
  })
}

test('the names of pods, services and nodes are in the capture once each, before its packets', async () => {
  const { file, running } = await capture('names')
  expect((await running).code).toBe(0)
  const names = (await readNames(file)).flat()
  expect(names).toContainEqual(expect.stringMatching(/^[\d.]+ orders-6c9f\.prod$/))
  expect(names).toContainEqual(expect.stringMatching(/^[\d.]+ orders\.prod\.svc$/))
  expect(names).toContain('192.168.49.2 demo-node-1')
  expect(new Set(names).size).toBe(names.length)
  const types = parseBlocks(await readFile(file)).map(({ type }) => type)
  expect(types.lastIndexOf(4)).toBeLessThan(types.indexOf(6))
})

test('a pod that joins during a capture is named, and no name is written twice', async () => {
  const before = demo.cluster.requests.length
  const { file, running } = await capture('later', ['--duration', '2'])
  const isWatched = () =>
    demo.cluster.requests.slice(before).some(({ path: url }) => /\/prod\/pods\?(?!.*fieldSelector).*watch=/.test(url))
  await expect.poll(isWatched, { timeout: 10_000 }).toBe(true)
  demo.cluster.addPod({ namespace: 'prod', name: 'fresh', ip: '10.9.9.9' })
  expect((await running).code).toBe(0)
  demo.cluster.removePod('prod/fresh')
  const names = (await readNames(file)).flat()
  expect(names.filter((name) => name.startsWith('10.9.9.9 '))).toEqual(['10.9.9.9 fresh.prod'])
  expect(new Set(names).size).toBe(names.length)
})

test('--no-names writes no names, and a login that may list nothing captures without them', async () => {
  const without = await capture('without', ['--no-names'])
  expect((await without.running).code).toBe(0)
  expect(await readNames(without.file)).toEqual([])
  const poor = await capture('poor', [], 'pods-only')
  const { code, stderr } = await poor.running
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')])
  expect(await readNames(poor.file)).toEqual([])
})

test('a capture that fails leaves no file with names alone', async () => {
  const file = path.join(demo.folder, 'failed.pcapng')
  const { code } = await runCliHere(['prod/slim-0', '-o', file], { KUBECONFIG: await demo.kubeconfig() })
  expect(code).toBe(6)
  await expect(readFile(file)).rejects.toThrow('ENOENT')
})

test('a pod that has ended does not give its name to an address that another has by now', async () => {
  demo.cluster.addPod({ namespace: 'prod', name: 'zz-done', ip: '10.9.9.8', state: 'succeeded' })
  demo.cluster.addPod({ namespace: 'prod', name: 'aa-runs', ip: '10.9.9.8' })
  const { file, running } = await capture('reused')
  expect((await running).code).toBe(0)
  for (const name of ['zz-done', 'aa-runs']) demo.cluster.removePod(`prod/${name}`)
  const names = (await readNames(file)).flat()
  expect(names.filter((name) => name.startsWith('10.9.9.8 '))).toEqual(['10.9.9.8 aa-runs.prod'])
})
