import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, tableAccept } from '../peer/peer-client.ts'
import { type PeerCluster, startPeerCluster } from '../peer/start-peer-cluster.ts'

let cluster: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster({
    users: [
      { name: 'viewer', rights: [{ verbs: ['get', 'list'], resources: ['pods'], namespaces: ['staging'] }] },
      { name: 'nobody', rights: [] },
    ],
  })
})
afterAll(() => cluster.close())

const names = (answer: { json: { items: { metadata: { name: string } }[] } }) =>
  answer.json.items.map((item) => item.metadata.name)

describe('the demo API checks authentication and authorization:', () => {
  test.each([undefined, 'wrong'])(
    'a request with the token %s gets 401 with the Status Unauthorized',
    async (token) => {
      const answer = await ask(cluster, '/api/v1/pods', { token })
      expect(answer.code).toBe(401)
      expect(answer.json).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        code: 401,
      })
    },
  )

  test('a list without the right names the user and the missing right, as the API server does', async () => {
    const { code, json } = await ask(cluster, '/api/v1/namespaces/prod/pods', { token: cluster.tokenOf('viewer') })
    expect(code).toBe(403)
    expect(json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'pods is forbidden: User "viewer" cannot list resource "pods" in API group "" in the namespace "prod"',
      reason: 'Forbidden',
      details: { kind: 'pods' },
      code: 403,
    })
  })

  test('a namespaced right grants nothing at the cluster scope', async () => {
    const { json } = await ask(cluster, '/api/v1/pods', { token: cluster.tokenOf('viewer') })
    expect(json.message).toBe(
      'pods is forbidden: User "viewer" cannot list resource "pods" in API group "" at the cluster scope',
    )
  })

  test('a namespaced right works in its namespace', async () => {
    expect(names(await ask(cluster, '/api/v1/namespaces/staging/pods', { token: cluster.tokenOf('viewer') }))).toEqual([
      'orders-b8d1',
      'web-77aa',
    ])
  })

  test('a refusal about one object of a named group names both', async () => {
    const { json } = await ask(cluster, '/apis/apps/v1/namespaces/prod/deployments/orders', {
      token: cluster.tokenOf('nobody'),
    })
    expect(json.message).toBe(
      'deployments.apps "orders" is forbidden: User "nobody" cannot get resource "deployments" in API group "apps" in the namespace "prod"',
    )
    expect(json.details).toEqual({ name: 'orders', group: 'apps', kind: 'deployments' })
  })

  test.each([
    ['staging', 'pods', '', true],
    ['prod', 'pods', '', false],
    ['staging', 'pods', 'exec', false],
  ])('a SelfSubjectAccessReview for %s %s/%s answers %s', async (namespace, resource, subresource, allowed) => {
    const body = JSON.stringify({ spec: { resourceAttributes: { namespace, verb: 'get', resource, subresource } } })
    const answer = await ask(cluster, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      method: 'POST',
      body,
      token: cluster.tokenOf('viewer'),
    })
    expect(answer.code).toBe(201)
    expect(answer.json.status.allowed).toBe(allowed)
  })
})

test('it understands a SelfSubjectAccessReview in protobuf, as kubectl 1.32 sends it', async () => {
  const field = (number: number, value: Buffer) => Buffer.concat([Buffer.of((number << 3) | 2, value.length), value])
  const attributes = Buffer.concat([
    field(1, Buffer.from('prod')),
    field(2, Buffer.from('list')),
    field(5, Buffer.from('pods')),
  ])
  const review = field(2, field(1, attributes))
  const body = Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, field(1, Buffer.from('authorization.k8s.io/v1'))),
    field(2, review),
  ])
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  expect((await ask(cluster, path, { method: 'POST', body })).json.status).toEqual({ allowed: true })
  expect(
    (await ask(cluster, path, { method: 'POST', body, token: cluster.tokenOf('viewer') })).json.status.allowed,
  ).toBe(false)
})

describe('the demo API serves objects:', () => {
  test('an unknown pod is 404 with its name in the details', async () => {
    const { code, json } = await ask(cluster, '/api/v1/namespaces/prod/pods/x')
    expect(code).toBe(404)
    expect(json).toMatchObject({
      message: 'pods "x" not found',
      reason: 'NotFound',
      details: { name: 'x', kind: 'pods' },
      code: 404,
    })
  })

  test('an unknown namespace has no pods and is itself not found', async () => {
    expect((await ask(cluster, '/api/v1/namespaces/nope/pods')).json.items).toEqual([])
    expect((await ask(cluster, '/api/v1/namespaces/nope')).json.message).toBe('namespaces "nope" not found')
  })

  test("an unknown resource is 404 with the API server's message", async () => {
    expect((await ask(cluster, '/api/v1/foo')).json.message).toBe('the server could not find the requested resource')
  })

  test.each([
    ['/version', 'gitVersion'],
    ['/api', 'versions'],
    ['/apis', 'groups'],
    ['/api/v1', 'resources'],
    ['/apis/apps/v1', 'resources'],
  ])('%s exists for kubectl', async (path, field) => {
    expect((await ask(cluster, path)).json[field]).toBeDefined()
  })

  test('a running pod has addresses, owners, container ids and start times', async () => {
    const { json: pod } = await ask(cluster, '/api/v1/namespaces/prod/pods/orders-6c9f')
    expect(pod.metadata.annotations).toEqual({ 'kubectl.kubernetes.io/default-container': 'api' })
    expect(pod.metadata.ownerReferences[0]).toMatchObject({ kind: 'ReplicaSet', controller: true })
    expect(pod.status.podIPs).toEqual([{ ip: '10.244.1.17' }])
    expect(pod.spec.nodeName).toBe('demo-node-1')
    const [api] = pod.status.containerStatuses
    expect(api.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/)
    expect(Date.parse(api.state.running.startedAt)).toBeLessThan(Date.now())
  })

  test('the owners of a pod lead up to its deployment', async () => {
    const { json: pod } = await ask(cluster, '/api/v1/namespaces/prod/pods/web-5f8c')
    const { json: set } = await ask(
      cluster,
      `/apis/apps/v1/namespaces/prod/replicasets/${pod.metadata.ownerReferences[0].name}`,
    )
    expect(set.metadata.uid).toBe(pod.metadata.ownerReferences[0].uid)
    expect(set.metadata.ownerReferences[0]).toMatchObject({ kind: 'Deployment', name: 'web' })
  })

  test('the EndpointSlice of a service names the pods behind it', async () => {
    const { json } = await ask(
      cluster,
      '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices?labelSelector=kubernetes.io/service-name%3Dorders',
    )
    expect(json.items).toHaveLength(1)
    expect(json.items[0].endpoints.map((endpoint: { targetRef: { name: string } }) => endpoint.targetRef.name)).toEqual(
      ['orders-6c9f', 'orders-x2x7'],
    )
  })

  test('a name with control characters survives JSON and a path', async () => {
    const name = 'evil\u001b[31m\n{value=1}'
    cluster.addPod({ namespace: 'default', name })
    expect(names(await ask(cluster, '/api/v1/namespaces/default/pods'))).toContain(name)
    expect((await ask(cluster, `/api/v1/namespaces/default/pods/${encodeURIComponent(name)}`)).json.metadata.name).toBe(
      name,
    )
    cluster.removePod(`default/${name}`)
  })
})

describe('the demo API applies selectors:', () => {
  test.each([
    ['labelSelector=app%3Dorders', ['orders-6c9f', 'orders-x2x7']],
    ['labelSelector=app%3D%3Dweb', ['web-5f8c']],
    ['labelSelector=app+in+(web,db)', ['db-0', 'web-5f8c']],
    ['labelSelector=pod-template-hash,app!%3Dweb', ['payments-7d4b']],
    ['labelSelector=!app', ['migrate-done']],
    ['fieldSelector=status.phase%3DPending', ['importer-pending']],
    ['fieldSelector=metadata.name%3Ddb-0', ['db-0']],
    ['fieldSelector=spec.nodeName%3D%3Ddemo-node-2', ['db-0', 'locked-0', 'orders-x2x7', 'payments-7d4b']],
    ['fieldSelector=status.phase!%3DRunning', ['importer-pending', 'migrate-done']],
    [
      'labelSelector=app+notin+(orders,db,web,payments,minimal,slim,locked,mailer)',
      ['importer-pending', 'migrate-done'],
    ],
  ])('%s selects %s', async (query, expected) => {
    expect(names(await ask(cluster, `/api/v1/namespaces/prod/pods?${query}`))).toEqual(expected)
  })

  test('a field that cannot be selected is 400', async () => {
    const { code, json } = await ask(cluster, '/api/v1/pods?fieldSelector=foo%3Dbar')
    expect([code, json.message]).toEqual([400, 'field label not supported: foo'])
  })

  test('an invalid label selector is 400', async () => {
    expect((await ask(cluster, '/api/v1/pods?labelSelector=a%3Db,(')).code).toBe(400)
  })
})

describe('the demo API pages lists:', () => {
  test('limit and continue return every pod once, and count the remaining ones', async () => {
    const whole = names(await ask(cluster, '/api/v1/pods'))
    const seen: string[] = []
    let token = ''
    do {
      const page = await ask(cluster, `/api/v1/pods?limit=3&continue=${encodeURIComponent(token)}`)
      seen.push(...names(page))
      token = page.json.metadata.continue ?? ''
      expect(page.json.metadata.remainingItemCount ?? 0).toBe(whole.length - seen.length)
    } while (token !== '')
    expect(seen).toEqual(whole)
  })

  test('all pages carry the resource version of the first', async () => {
    const first = await ask(cluster, '/api/v1/pods?limit=2')
    cluster.addPod({ namespace: 'default', name: 'late' })
    const second = await ask(
      cluster,
      `/api/v1/pods?limit=2&continue=${encodeURIComponent(first.json.metadata.continue)}`,
    )
    cluster.removePod('default/late')
    expect(second.json.metadata.resourceVersion).toBe(first.json.metadata.resourceVersion)
  })

  test('a list with a selector does not count the remaining pods', async () => {
    const { json } = await ask(cluster, '/api/v1/namespaces/prod/pods?limit=1&labelSelector=app%3Dorders')
    expect(json.metadata.continue).toBeDefined()
    expect(json.metadata.remainingItemCount).toBeUndefined()
  })

  test('a continue token from before a compaction is 410 Expired', async () => {
    const first = await ask(cluster, '/api/v1/pods?limit=1')
    cluster.addPod({ namespace: 'default', name: 'newer' })
    cluster.removePod('default/newer')
    cluster.compact()
    const { code, json } = await ask(
      cluster,
      `/api/v1/pods?limit=1&continue=${encodeURIComponent(first.json.metadata.continue)}`,
    )
    expect([code, json.reason]).toEqual([410, 'Expired'])
  })

  test('ten thousand pods arrive in pages of 500', async () => {
    cluster.addPods(10_000)
    let count = 0
    let token = ''
    do {
      const { json } = await ask(
        cluster,
        `/api/v1/namespaces/default/pods?limit=500&continue=${encodeURIComponent(token)}`,
        { accept: tableAccept },
      )
      count += json.rows.length
      token = json.metadata.continue ?? ''
    } while (token !== '')
    expect(count).toBe(10_000)
  })
})

describe('the demo API returns tables:', () => {
  test('pods have the columns of kubectl', async () => {
    const { json } = await ask(cluster, '/api/v1/namespaces/prod/pods', { accept: tableAccept })
    expect(json).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
    expect(json.columnDefinitions.slice(0, 5).map((column: { name: string }) => column.name)).toEqual([
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
    ])
    const rows = json.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 3))
    expect(rows).toContainEqual(['orders-6c9f', '2/2', 'Running'])
    expect(rows).toContainEqual(['importer-pending', '0/1', 'Pending'])
    expect(rows).toContainEqual(['migrate-done', '0/1', 'Completed'])
    expect(rows).toContainEqual(['mailer-crash', '0/1', 'CrashLoopBackOff'])
  })

  test('rows carry metadata, nothing, or the whole object, as includeObject asks', async () => {
    const row = async (query: string) =>
      (await ask(cluster, `/api/v1/namespaces/prod/pods?limit=1${query}`, { accept: tableAccept })).json.rows[0].object
    expect(await row('')).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'db-0', namespace: 'prod' },
    })
    expect(await row('&includeObject=None')).toBeNull()
    expect((await row('&includeObject=Object')).spec.nodeName).toBe('demo-node-2')
  })

  test('a client that prefers plain objects gets them', async () => {
    const { json } = await ask(cluster, '/api/v1/pods?limit=1', {
      accept: 'application/json, application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    expect(json.kind).toBe('PodList')
  })
})

test("the demo's kubeconfig names the context kcap-demo, the namespace prod, the authority and the token", () => {
  const text = cluster.kubeconfig()
  expect(text).toContain('current-context: "kcap-demo"')
  expect(text).toContain('namespace: "prod"')
  expect(text).toContain(`token: "${cluster.token}"`)
  expect(text).toContain(Buffer.from(cluster.certificateAuthorityPem).toString('base64'))
})

test('the demo logs each request with method and path', async () => {
  await ask(cluster, '/api/v1/nodes?limit=1')
  expect(cluster.requests).toContainEqual({ method: 'GET', path: '/api/v1/nodes?limit=1' })
})
