import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { runKcap } from '../support/run-kcap.ts'

const demo = await openDemoFixture({ packetsPerSecond: 200 })

/** Captures a few packets, with a log. */
async function captureWithLog(name: string, ...words: string[]) {
  const [log, output] = ['log', 'pcapng'].map((end) => path.join(demo.folder, `${name}.${end}`)) as [string, string]
  const argv = [...words, '--log-file', log, '--count', '5', '-o', output, '-q', '--yes']
  const { code, stderr } = await runKcap(argv, { KUBECONFIG: await demo.kubeconfig() })
  expect([code, stderr]).toEqual([0, ''])
  const text = readFileSync(log, 'utf8')
  const entries = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { text, entries }
}

test.each([
  ['exec', 'prod/orders-6c9f'],
  ['ephemeral', 'prod/minimal-0'],
  ['node-pod', 'prod/minimal-0'],
])('a log of a capture by %s has its steps and requests, and no secret', async (via, pod) => {
  const { text, entries } = await captureWithLog(via, pod, '--via', via, '--log-level', 'debug')
  expect(text).not.toContain(demo.cluster.token)
  expect(entries).toContainEqual(
    expect.objectContaining({ level: 'info', component: 'route', target: pod, time: expect.any(String) }),
  )
  expect(entries).toContainEqual(
    expect.objectContaining({
      level: 'debug',
      component: 'kube',
      method: 'GET',
      path: expect.any(String),
      status: 200,
    }),
  )
})

test('a log without a level has the steps alone', async () => {
  const { entries } = await captureWithLog('info', 'prod/orders-6c9f')
  expect(entries.length).toBeGreaterThan(1)
  expect(entries.filter(({ level }) => level === 'debug')).toEqual([])
})
