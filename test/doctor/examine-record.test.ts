import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { openApiPeer } from '../support/api-peer.ts'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()

/** A cluster that refuses rights on these resources, and enforces a level. */
async function openCluster(refused: readonly string[], level: string | undefined): Promise<Record<string, string>> {
  const labels = level === undefined ? {} : { 'pod-security.kubernetes.io/enforce': level }
  const { port } = await openApiPeer(async (request, response) => {
    const answer = async () => {
      if (request.url?.endsWith('selfsubjectreviews')) return { status: { userInfo: { username: 'ann' } } }
      if (request.url?.startsWith('/api/v1/namespaces/'))
        return { kind: 'Namespace', metadata: { name: 'shop', labels } }
      const { spec } = (await json(request)) as { spec: { resourceAttributes: { resource: string } } }
      return { status: { allowed: !refused.includes(spec.resourceAttributes.resource) } }
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(await answer()))
  })
  const file = path.join(folder, `${port}.yaml`)
  const entry = { clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }] }
  const contexts = [{ name: 'test', context: { cluster: 'c', namespace: 'shop' } }]
  await writeFile(file, JSON.stringify({ ...entry, contexts, 'current-context': 'test' }))
  return { KUBECONFIG: file }
}

test('a login with all rights may record', async () => {
  const { code, stdout } = await runKcap(['doctor', '--record'], await openCluster([], undefined))
  expect([code, stdout.toString()]).toEqual([
    0,
    [
      'records of pods in namespace shop, with jobs in shop, in context test',
      'ok rights     jobs: +list +create +delete; pods: +get +list +watch; pods/exec: +get +create; serviceaccounts: +create +patch +delete; roles: +create +patch +delete; rolebindings: +create +patch +delete',
      'ok security   none enforced in shop',
      '',
    ].join('\n'),
  ])
})

test('missing rights and a strict level are named, with what grants them', async () => {
  const argv = ['doctor', '--record', '-n', 'prod', '--debug-namespace', 'tools']
  const { code, stdout } = await runKcap(argv, await openCluster(['jobs'], 'baseline'))
  const text = stdout.toString()
  expect(code).toBe(5)
  expect(text).toContain('!! rights     jobs in tools: -list -create -delete; pods: +get +list +watch')
  expect(text).toContain('!! security   "baseline" in tools refuses pods that enter the network of others\n')
  expect(text).toContain('hint: kubectl label namespace tools pod-security.kubernetes.io/enforce=privileged\n')
  const objects = yaml.loadAll(text.slice(text.indexOf('# What'))) as {
    kind: string
    metadata: { namespace: string }
  }[]
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`)).toEqual([
    'Role tools',
    'RoleBinding tools',
    'Role prod',
    'RoleBinding prod',
  ])
})
