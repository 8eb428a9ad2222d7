import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { openDemoFixture } from '../support/demo.ts'
import { startSession } from '../support/session-run.ts'

const podCount = 30

/** A cluster with 30 pods of one name, and a login by a plugin that notes each of its runs. */
async function openPlugin() {
  const demo = await openDemoFixture({ packetsPerSecond: 20 })
  for (let i = 0; i < podCount; i++) demo.cluster.addPod({ namespace: 'prod', name: `fleet-${i}` })
  const [plugin, runs] = ['plugin', 'runs'].map((name) => path.join(demo.folder, name)) as [string, string]
  const status = { token: demo.cluster.token }
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }
  await writeFile(plugin, `#!/bin/sh\necho run >> ${runs}\nsleep 0.3\necho '${JSON.stringify(credential)}'\n`)
  await chmod(plugin, 0o755)
  const config = yaml.load(demo.cluster.kubeconfig()) as { users: { user: object }[] }
  const exec = { apiVersion: credential.apiVersion, interactiveMode: 'Never', command: plugin }
  for (const one of config.users) one.user = { exec }
  const kubeconfig = path.join(demo.folder, 'plugin.yaml')
  await writeFile(kubeconfig, yaml.dump(config))
  const countRuns = async () => (await readFile(runs, 'utf8')).trim().split('\n').length
  return { ...demo, kubeconfig, countRuns }
}

test('30 captures whose one token is refused share one login', async () => {
  const { cluster, folder, kubeconfig, countRuns } = await openPlugin()
  const kubeconfigPaths = [kubeconfig]
  const name = { kind: 'pods', pattern: 'fleet-*', namespace: 'prod', allNamespaces: false, kubeconfigPaths } as const
  const run = startSession(path.join(folder, 'fleet.pcapng'), name)
  const count = (state: string) => run.sources().filter((source) => source.state === state).length
  await run.until('all captures', () => count('capturing') === podCount)
  expect(await countRuns()).toBe(1)
  await cluster.misbehave({ answer: 401 })
  cluster.cutExecs()
  await run.until('a refusal', () => run.events.some((event) => event.includes('(401)')))
  await expect.poll(countRuns, { timeout: 10_000 }).toBeGreaterThan(1)
  await cluster.misbehave({})
  await run.until('all captures again', () => count('capturing') === podCount)
  expect(await countRuns()).toBe(2)
  expect((await run.stop()).error).toBeUndefined()
})

test('a login that is newer than the refused request is kept', async () => {
  const { kubeconfig, countRuns } = await openPlugin()
  const { signal } = new AbortController()
  const access = await openCluster({ kubeconfigPaths: [kubeconfig], signal, timeoutMs: 5_000, interactive: false })
  const triedMs = performance.now()
  await Promise.all(Array.from({ length: 10 }, () => access.renew(triedMs)))
  await access.renew(triedMs)
  expect(await countRuns()).toBe(2)
  await access.renew(performance.now())
  expect(await countRuns()).toBe(3)
  access.close()
})
