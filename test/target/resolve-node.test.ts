import { expect, test } from 'vitest'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { resolveNode } from '../../src/target/resolve-node.ts'
import { openDemoFixture } from '../support/demo.ts'
import { expectRefusal, makeDemoUser } from '../support/demo-user.ts'

const demo = await openDemoFixture({ users: [{ name: 'blind', rights: [] }] })
const admin = await makeDemoUser(demo)

async function resolve(node: string, user?: string) {
  const { signal } = new AbortController()
  const clusters = makeClusterPool({ signal, timeoutMs: 5_000, interactive: false })
  const name = { kind: 'node', node, kubeconfigPaths: [await demo.kubeconfig(user)] } as const
  try {
    return await resolveNode(name, await clusters.open(name), signal)
  } finally {
    clusters.close()
  }
}

test("an absent node is 'node-not-found', and the error names similar ones", async () => {
  const { code, lines } = await admin.capture('node/demo-node-9', '--via', 'node-pod')
  expect(code).toBe(3)
  expectRefusal(
    lines,
    'cannot capture "node/demo-node-9": the cluster has no such node',
    'similar nodes: demo-node-1, demo-node-2',
    'kcap list nodes',
  )
})

test('pods for a node are created in the namespace of the context', async () => {
  expect(await resolve('demo-node-2')).toMatchObject({ kind: 'node', node: 'demo-node-2', namespace: 'prod' })
})

test('a node name is trusted where the login may not get nodes', async () => {
  expect(await resolve('demo-node-9', 'blind')).toMatchObject({ kind: 'node', node: 'demo-node-9' })
})
