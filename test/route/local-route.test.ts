import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { openLocalRoute } from '../../src/route/local-route.ts'
import { failureOf } from '../support/failure.ts'
import { makePodTarget } from '../support/pod-target.ts'

const onLinux = test.runIf(process.platform === 'linux')
const ownAddress = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses)[0]?.address ?? ''
const options = { ssh: { signal: new AbortController().signal } }
const node = { kind: 'node', cluster: {}, context: 'c', namespace: 'shop', node: 'worker-1' } as const

onLinux('a local route runs programs on this machine, and reports how they end', async () => {
  const { start } = openLocalRoute({ kind: 'local' }, options)
  const program = await start(['sh', '-c', 'cat; echo to-stderr >&2; exit 3'], new AbortController().signal)
  program.stdin.end('to-stdout')
  const read = async (stream: AsyncIterable<Buffer>) => {
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return text
  }
  expect(await Promise.all([read(program.stdout), read(program.stderr)])).toEqual(['to-stdout', 'to-stderr\n'])
  expect(await program.exited).toEqual({ kind: 'exited', code: 3 })
})

onLinux('the stream to readers of a shared capture is left out, for it would capture itself', () => {
  expect(openLocalRoute({ kind: 'local' }, { ...options, ownPorts: [7443] }).ownStream).toEqual({
    kind: 'local',
    ports: [7443],
  })
  expect(openLocalRoute({ kind: 'local' }, options).ownStream).toEqual({ kind: 'local', ports: [] })
})

onLinux("a pod's network is entered, unless it is that of its node", () => {
  const pod = makePodTarget({ cgroupUid: 'uid-1', addresses: ['10.0.0.7'] })
  expect(openLocalRoute(pod, options).network).toMatchObject({ kind: 'pod', addresses: pod.addresses })
  expect(openLocalRoute({ ...pod, hostNetwork: true, nodeAddress: ownAddress }, options).network).toEqual({
    kind: 'here',
  })
  expect(() => openLocalRoute({ ...pod, hostNetwork: true, nodeAddress: '192.0.2.1' }, options)).toThrow(
    'it does not have the address 192.0.2.1 of node "node-1"',
  )
})

onLinux("another node is 'pod-not-on-node', and this machine is none", async () => {
  expect(openLocalRoute({ ...node, nodeAddress: ownAddress }, options).network).toEqual({ kind: 'here' })
  const error = await failureOf(
    Promise.resolve().then(() => openLocalRoute({ ...node, nodeAddress: '192.0.2.1' }, options)),
  )
  expect([error.code, error.message, error.hints]).toEqual([
    'pod-not-on-node',
    'cannot capture "node/worker-1" on this machine: it does not have the address 192.0.2.1 of node "worker-1"',
    ['leave --via out, or run kcap on the node', 'kcap local'],
  ])
})
