import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { TargetName } from '../../src/base/target.ts'
import { describeClock, describeSection, describeTargets } from '../../src/session/describe-capture.ts'
import { makeCaptureRequest } from '../support/capture-request.ts'
import { openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { runKcap } from '../support/run-kcap.ts'

const demo = await openDemoFixture()
afterEach(async () => {
  await demo.cluster.misbehave({}, 'prod/orders-6c9f')
})

test('a clock that is wrong is noted with the interface and reported, and the time stamps stay as they are', async () => {
  await demo.cluster.misbehave({ clockOffsetMs: 3_600_000 }, 'prod/orders-6c9f')
  const file = path.join(demo.folder, 'ahead.pcapng')
  const { code, stderr } = await runKcap(['prod/orders-6c9f', '-o', file, '--count', '5'], {
    KUBECONFIG: await demo.kubeconfig(),
  })
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /its clock is 3\d{3}\.\d to 3\d{3}\.\d s ahead of this machine's; its time stamps are left as they are/,
  )
  const blocks = parseBlocks(await readFile(file))
  const description = blocks
    .find(({ type }) => type === 1)
    ?.options(8)
    .get(3)?.[0]
    ?.toString()
  expect(description).toMatch(/; its clock is [\d.]+ to [\d.]+ s ahead of this machine's$/)
  const packet = blocks.find(({ type }) => type === 6)
  const timeMs = Number(
    ((BigInt(packet?.body.readUInt32LE(4) ?? 0) << 32n) + BigInt(packet?.body.readUInt32LE(8) ?? 0)) / 1_000_000n,
  )
  expect(Math.abs(timeMs - 3_600_000 - Date.now())).toBeLessThan(60_000)
})

test.each([
  [undefined, undefined],
  [{ least: -900, most: 50 }, undefined],
  [{ least: 60, most: 400 }, undefined],
  [{ least: 2_000, most: 2_400 }, "its clock is 2.0 to 2.4 s ahead of this machine's"],
  [{ least: -5_500, most: -5_000 }, "its clock is 5.0 to 5.5 s behind this machine's"],
])('describeClock describes a remote clock that is %j ahead as %s', (aheadMs, text) => {
  expect(describeClock({ aheadMs })).toBe(text)
})

test.each<[TargetName, string]>([
  [{ kind: 'pod', pod: 'web', namespace: 'shop', context: 'lab' }, 'pod web in namespace shop of context lab'],
  [{ kind: 'service', service: 'web' }, 'service web'],
  [{ kind: 'workload', workloadKind: 'sts', workload: 'db', namespace: 'shop' }, 'sts/db in namespace shop'],
  [{ kind: 'pods', selector: 'app=web', allNamespaces: true }, 'pods * with app=web in all namespaces'],
  [{ kind: 'pods', pattern: 'web-*', namespace: 'shop', allNamespaces: false }, 'pods web-* in namespace shop'],
  [{ kind: 'ssh', host: 'db1', sudo: 'none' }, 'host db1'],
])('describeTargets names %j "%s"', (target, text) => {
  expect(describeTargets(makeCaptureRequest('x', { targets: [target] }))).toBe(text)
})

test('describeSection has the command line that repeats the capture, without characters that move a cursor', () => {
  const targets: TargetName[] = [{ kind: 'ssh', host: 'db1', sudo: 'none' }]
  const { comment } = describeSection(makeCaptureRequest('x', { targets, commandLine: 'kcap ssh://db1 -o \u001b[2Jx' }))
  const [captured, toRepeat] = comment.split('\n')
  expect(captured).toMatch(/^captured by \S+@\S+ from host db1$/)
  expect(toRepeat).toMatch(/^to repeat: kcap ssh:\/\/db1 -o /)
  expect(comment).not.toContain('\u001b')
})
