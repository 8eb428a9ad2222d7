import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './peer-client.ts'
import { type PeerCluster, startPeerCluster } from './start-peer-cluster.ts'

let cluster: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster()
  cluster.labelNamespace('prod', { 'pod-security.kubernetes.io/enforce': 'baseline' })
  cluster.labelNamespace('staging', { 'pod-security.kubernetes.io/enforce': 'restricted' })
  cluster.labelNamespace('kube-system', {
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/enforce-version': 'v1.34',
  })
})
afterAll(() => cluster.close())

async function create(namespace: string, spec: object) {
  const body = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x' },
    spec: { containers: [{ name: 'kcap', image: 'a:1' }], ...spec },
  })
  return await ask(cluster, `/api/v1/namespaces/${namespace}/pods`, { method: 'POST', body })
}
async function debug(pod: string, securityContext: object) {
  const [namespace, name] = pod.split('/')
  return await ask(cluster, `/api/v1/namespaces/${namespace}/pods/${name}/ephemeralcontainers`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: JSON.stringify({ spec: { ephemeralContainers: [{ name: 'kcap', image: 'a:1', securityContext }] } }),
  })
}
const withContext = (securityContext: object) => ({ containers: [{ name: 'kcap', image: 'a:1', securityContext }] })

const tame = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

test('a namespace without the Pod Security label admits everything', async () => {
  expect((await create('default', { hostNetwork: true, ...withContext({ privileged: true }) })).code).toBe(201)
})

describe('the Pod Security level baseline', () => {
  test('refuses a pod on the node, with all violations in the order of the API server', async () => {
    const { code, json } = await create('prod', {
      hostNetwork: true,
      hostPID: true,
      volumes: [{ name: 'root', hostPath: { path: '/' } }],
      ...withContext({ privileged: true, capabilities: { add: ['NET_RAW', 'NET_ADMIN'] } }),
    })
    expect(code).toBe(403)
    expect(json).toMatchObject({
      reason: 'Forbidden',
      details: { name: 'x', kind: 'pods' },
      message:
        'pods "x" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "kcap" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume "root"), privileged (container "kcap" must not set securityContext.privileged=true)',
    })
  })

  test('refuses an ephemeral container with a capability', async () => {
    const { code, json } = await debug('prod/web-5f8c', { capabilities: { add: ['NET_RAW'] } })
    expect([code, json.message]).toEqual([
      403,
      'pods "web-5f8c" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "kcap" must not include "NET_RAW" in securityContext.capabilities.add)',
    ])
  })

  test('admits an ephemeral container that asks for nothing', async () => {
    expect((await debug('prod/web-5f8c', {})).code).toBe(200)
  })

  test('reports the version of the label', async () => {
    expect((await create('kube-system', { hostIPC: true })).json.message).toBe(
      'pods "x" is forbidden: violates PodSecurity "baseline:v1.34": host namespaces (hostIPC=true)',
    )
  })

  test('refuses ports of the node', async () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }]
    expect((await create('prod', { containers: [{ name: 'kcap', image: 'a:1', ports }] })).json.message).toContain(
      ': hostPort (container "kcap" uses hostPort 8080)',
    )
  })
})

describe('the Pod Security level restricted', () => {
  test('reports four violations of an ordinary pod', async () => {
    expect((await create('staging', {})).json.message).toBe(
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "kcap" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "kcap" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "kcap" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "kcap" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    )
  })

  test.each([
    [{ ...tame, runAsUser: 0 }, 'runAsUser=0 (container "kcap" must not set runAsUser=0)'],
    [
      { ...tame, runAsNonRoot: false },
      'runAsNonRoot != true (container "kcap" must not set securityContext.runAsNonRoot=false)',
    ],
    [
      { ...tame, capabilities: { drop: ['ALL'], add: ['NET_RAW'] } },
      'unrestricted capabilities (container "kcap" must not include "NET_RAW" in securityContext.capabilities.add)',
    ],
    [
      { ...tame, seccompProfile: { type: 'Unconfined' } },
      'seccompProfile (container "kcap" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
  ])('%j is refused', async (securityContext, words) => {
    expect((await create('staging', withContext(securityContext))).json.message).toBe(
      `pods "x" is forbidden: violates PodSecurity "restricted:latest": ${words}`,
    )
  })

  test('refuses volumes of the node', async () => {
    const volumes = [{ name: 'root', hostPath: { path: '/' } }]
    expect((await create('staging', { volumes, ...withContext(tame) })).json.message).toContain(
      ': restricted volume types (volume "root" uses restricted volume type "hostPath")',
    )
  })

  test('admits a pod that follows the rules', async () => {
    expect((await create('staging', withContext(tame))).code).toBe(201)
  })

  test('also judges the pod around an ephemeral container', async () => {
    const { code, json } = await debug('staging/web-77aa', tame)
    expect([code, json.message]).toEqual([403, expect.stringContaining('(container "web" must set')])
  })
})
