import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { followPodSet } from '../../src/target/follow-pod-set.ts'
import type { PodSetChange } from '../../src/target/pod-set-change.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let demo: DemoFixture
let folder: string
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500 })
  folder = await makeTempFolder()
})

const kcap = async (...words: string[]) =>
  await runCliHere(['-n', 'prod', '--json', '-o', path.join(folder, 'node.pcapng'), '--force', ...words], {
    KUBECONFIG: await demo.kubeconfig(),
  })

test.each([['svc/orders'], ['deploy/orders'], ['orders-*'], ['-l', 'app=orders']])(
  '%s with --on-node has only the pods of that node',
  async (...target) => {
    const { code, stderr } = await kcap(...target, '--on-node', 'demo-node-2', '--count', '5')
    expect(code).toBe(0)
    const summary = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .find(({ event }) => event === 'summary')
    expect(summary.sources.map(({ name }: { name: string }) => name)).toEqual(['prod/orders-x2x7'])
  },
)

test.each([
  [['svc/orders', '--on-node', 'nope'], 3, 'cannot capture \\"svc/orders\\": none of its pods is on node \\"nope\\"'],
  [['orders-6c9f', '--on-node', 'demo-node-2'], 3, 'it runs on node \\"demo-node-1\\", not on \\"demo-node-2\\"'],
  [['importer-pending', '--on-node', 'demo-node-2'], 3, 'importer-pending'],
  [['node/demo-node-1', '--on-node', 'demo-node-1'], 2, 'cannot use --on-node here: it goes with pods'],
  [['ssh://h', '--on-node', 'demo-node-1'], 2, 'cannot use --on-node here'],
])('%j ends with exit code %i', async (words, exitCode, message) => {
  const { code, stderr } = await kcap(...words)
  expect(code).toBe(exitCode)
  expect(stderr).toContain(message)
})

test('a followed pod set asks the API server for the pods of the node only, and takes no others', async () => {
  const pod = (name: string, nodeName: string) => ({
    metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1' },
    spec: { nodeName, containers: [{ name: 'api' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'api', containerID: 'c', state: { running: {} } }] },
  })
  const asked: string[] = []
  const { access } = await openApiPeer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://peer')
    asked.push(searchParams.get('fieldSelector') ?? '')
    const items = [pod('web-1', 'worker-1'), pod('web-2', 'worker-2')]
    if (searchParams.has('watch')) response.write(' ')
    else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }))
  })
  const stop = new AbortController()
  const changes = followPodSet(
    { kind: 'pods', pattern: 'web*', allNamespaces: false, namespace: 'shop', onNode: 'worker-2' },
    access,
    { isCaptured: () => false, signal: stop.signal, log: () => {} },
  )
  const { running } = (await changes.next()).value as PodSetChange
  expect(running.map((target) => target.pod)).toEqual(['web-2'])
  stop.abort()
  expect(new Set(asked)).toEqual(new Set(['spec.nodeName=worker-2']))
})
