import { expect, test } from 'vitest'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'

const demo = await openDemoFixture()

const makePool = () => makeClusterPool({ signal: new AbortController().signal, timeoutMs: 1_000, interactive: false })

test('two names in one cluster share a login, and another context or kubeconfig has its own', async () => {
  const pool = makePool()
  const [file, other] = [await demo.kubeconfig(), await demo.kubeconfig()]
  const open = (kubeconfigPaths: string[], more: object = {}) => pool.open({ kubeconfigPaths, ...more })
  const first = await open([file])
  expect(await open([file], { namespace: 'shop', container: 'api' })).toBe(first)
  expect(await open([other])).not.toBe(first)
  expect(await open([file], { context: 'kcap-demo' })).not.toBe(first)
  pool.close()
})

test('a login that failed is not tried again', async () => {
  const pool = makePool()
  const name = { kubeconfigPaths: ['/nonexistent'] }
  const error = await failureOf(pool.open(name))
  expect(await failureOf(pool.open(name))).toBe(error)
  pool.close()
})
