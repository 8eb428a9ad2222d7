import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, askUntil, openExec } from './peer-client.ts'
import { type PeerCluster, startPeerCluster } from './start-peer-cluster.ts'

let cluster: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster({
    startDelayMs: 20,
    missingImages: ['nobody/has:this'],
    users: [
      { name: 'viewer', rights: [{ verbs: ['get', 'list'], resources: ['pods'] }] },
      { name: 'creator', rights: [{ verbs: ['create', 'delete'], resources: ['pods'], namespaces: ['prod'] }] },
    ],
  })
})
afterAll(() => cluster.close())

const pods = '/api/v1/namespaces/prod/pods'
const makePod = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { nodeName: 'demo-node-1', containers: [{ name: 'kcap', image: 'nicolaka/netshoot:v0.14' }], ...spec },
})

async function create(body: unknown, path = pods, token = cluster.token) {
  return await ask(cluster, path, { method: 'POST', body: JSON.stringify(body), token })
}
async function remove(name: string, options?: object, query = '', token = cluster.token) {
  const body = options === undefined ? {} : { body: JSON.stringify(options) }
  return await ask(cluster, `${pods}/${name}${query}`, { method: 'DELETE', token, ...body })
}
const running = (name: string) => askUntil(cluster, `${pods}/${name}`, ({ status }) => status.phase === 'Running')

describe('creating a pod:', () => {
  test('the server adds its own fields and keeps what the client sent', async () => {
    const metadata = { labels: { app: 'kcap' }, annotations: { who: 'me' }, uid: 'mine', resourceVersion: '7' }
    const { code, json } = await create(
      makePod('kept', { hostPID: true, tolerations: [{ operator: 'Exists' }] }, metadata),
    )
    expect(code).toBe(201)
    expect(json.metadata).toMatchObject({
      name: 'kept',
      namespace: 'prod',
      labels: { app: 'kcap' },
      annotations: { who: 'me' },
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      creationTimestamp: expect.stringMatching(/^20\d\d-/),
    })
    expect(Number(json.metadata.resourceVersion)).toBeGreaterThan(1000)
    expect(json.spec).toMatchObject({
      nodeName: 'demo-node-1',
      hostPID: true,
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Always',
      containers: [{ name: 'kcap', imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }],
    })
    expect(json.status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' })
  })

  test('generateName is completed', async () => {
    const { json } = await create(makePod('', {}, { name: undefined, generateName: 'kcap-' }))
    expect(json.metadata.name).toMatch(/^kcap-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  test.each([
    [{ requests: { cpu: '1' } }, 'Burstable'],
    [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
  ])('resources %j are of class %s', async (resources, qosClass) => {
    const { json } = await create(
      makePod(`qos-${qosClass.toLowerCase()}`, { containers: [{ name: 'a', image: 'a:1', resources }] }),
    )
    expect(json.status.qosClass).toBe(qosClass)
  })

  test('an existing name is 409', async () => {
    const { code, json } = await create(makePod('web-5f8c'))
    expect([code, json.reason, json.message]).toEqual([409, 'AlreadyExists', 'pods "web-5f8c" already exists'])
  })

  test('an unknown namespace is 404', async () => {
    const { code, json } = await create(makePod('x'), '/api/v1/namespaces/nope/pods')
    expect([code, json.message]).toEqual([404, 'namespaces "nope" not found'])
  })

  test.each([
    [makePod(''), 'Pod "" is invalid: metadata.name: Required value: name or generateName is required'],
    [makePod('x', { containers: [] }), 'Pod "x" is invalid: spec.containers: Required value'],
    [makePod('x', { containers: [{ name: 'a' }] }), 'Pod "x" is invalid: spec.containers[0].image: Required value'],
    [
      makePod('x', { activeDeadlineSeconds: 0 }),
      'Pod "x" is invalid: spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ],
    [
      makePod('x', { ephemeralContainers: [{ name: 'a', image: 'a' }] }),
      'Pod "x" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ])('%j is 422', async (pod, message) => {
    const { code, json } = await create(pod)
    expect([code, json.reason, json.message]).toEqual([422, 'Invalid', message])
  })

  test.each(['{', '"text"', '{"kind":"Service","apiVersion":"v1"}', '{"metadata":{"namespace":"other"}}'])(
    'the body %s is 400',
    async (body) => {
      expect((await ask(cluster, pods, { method: 'POST', body })).code).toBe(400)
    },
  )

  test('a viewer may neither create nor delete, a user with these rights may', async () => {
    const viewer = cluster.tokenOf('viewer')
    expect((await create(makePod('x'), pods, viewer)).json.message).toBe(
      'pods is forbidden: User "viewer" cannot create resource "pods" in API group "" in the namespace "prod"',
    )
    expect((await remove('web-5f8c', undefined, '', viewer)).code).toBe(403)
    const creator = cluster.tokenOf('creator')
    expect((await create(makePod('of-creator'), pods, creator)).code).toBe(201)
    expect((await remove('of-creator', undefined, '', creator)).code).toBe(200)
    expect((await create(makePod('x'), '/api/v1/namespaces/staging/pods', creator)).code).toBe(403)
  })
})

describe('running a pod:', () => {
  test('a pod on a node of the cluster runs soon', async () => {
    await create(makePod('soon'))
    const { status } = await running('soon')
    expect(status).toMatchObject({ hostIP: '192.168.49.2', podIP: expect.stringMatching(/^10\.244\./) })
    expect(status.containerStatuses[0]).toMatchObject({
      name: 'kcap',
      ready: true,
      state: { running: {} },
      containerID: expect.stringMatching(/^containerd:/),
    })
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
  })

  test('a pod on the network of its node has the address of the node', async () => {
    await create(makePod('on-node', { hostNetwork: true, nodeName: 'demo-node-2' }))
    expect((await running('on-node')).status).toMatchObject({ podIP: '192.168.49.3', hostIP: '192.168.49.3' })
  })

  test('a pod on an unknown node, or on none, stays pending', async () => {
    await create(makePod('lost', { nodeName: 'demo-node-9' }))
    await create(makePod('unscheduled', { nodeName: undefined }))
    await create(makePod('later'))
    await running('later')
    for (const name of ['lost', 'unscheduled'])
      expect((await ask(cluster, `${pods}/${name}`)).json.status).toMatchObject({ phase: 'Pending', conditions: [] })
  })

  test('a pod whose image is missing waits for it', async () => {
    await create(makePod('missing', { containers: [{ name: 'a', image: 'nobody/has:this' }] }))
    const pod = await askUntil(
      cluster,
      `${pods}/missing`,
      ({ status }) => status.containerStatuses?.[0].state.waiting?.reason === 'ImagePullBackOff',
    )
    expect(pod.status.phase).toBe('Pending')
  })

  test('a deadline ends the pod and its execs', async () => {
    await create(makePod('brief', { activeDeadlineSeconds: 1 }))
    await running('brief')
    const exec = await openExec(cluster, { pod: 'prod/brief' })
    await exec.closed
    const { status } = (await ask(cluster, `${pods}/brief`)).json
    expect(status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    })
    expect(status.containerStatuses[0].state.terminated.exitCode).toBe(137)
  })
})

describe('deleting a pod:', () => {
  test('deleting a running pod ends its execs and removes it', async () => {
    await create(makePod('doomed'))
    await running('doomed')
    const exec = await openExec(cluster, { pod: 'prod/doomed' })
    const { code, json } = await remove('doomed')
    expect([code, json.metadata.deletionGracePeriodSeconds]).toEqual([200, 30])
    expect(Date.parse(json.metadata.deletionTimestamp)).toBeGreaterThan(Date.now() + 28_000)
    await exec.closed
    await askUntil(cluster, `${pods}/doomed`, ({ reason }) => reason === 'NotFound')
  })

  test.each([
    ['in the body', { gracePeriodSeconds: 0 }, ''],
    ['in the query', undefined, '?gracePeriodSeconds=0'],
  ])('without grace, given %s, a pod is gone at once', async (_where, options, query) => {
    await create(makePod('quick'))
    expect((await remove('quick', options, query)).code).toBe(200)
    expect((await ask(cluster, `${pods}/quick`)).code).toBe(404)
  })

  test('a shorter grace period can follow, a longer one changes nothing', async () => {
    const slow = await startPeerCluster({ startDelayMs: 60_000 })
    const path = `${pods}/web-5f8c`
    const removeWithin = async (gracePeriodSeconds: number) => {
      const body = JSON.stringify({ gracePeriodSeconds })
      return (await ask(slow, path, { method: 'DELETE', body })).json.metadata.deletionGracePeriodSeconds
    }
    expect(await removeWithin(600)).toBe(600)
    expect(await removeWithin(3600)).toBe(600)
    expect(await removeWithin(60)).toBe(60)
    await removeWithin(0)
    expect((await ask(slow, path)).code).toBe(404)
    await slow.close()
  })

  test('another pod of the name is 409 and stays', async () => {
    const { json: pod } = await create(makePod('mine'))
    const { code, json } = await remove('mine', { preconditions: { uid: 'other' } })
    expect([code, json.reason, json.message]).toEqual([
      409,
      'Conflict',
      `Operation cannot be fulfilled on Pod "mine": the UID in the precondition (other) does not match the UID in record (${pod.metadata.uid}). The object might have been deleted and then recreated`,
    ])
    expect((await remove('mine', { preconditions: { uid: pod.metadata.uid } })).code).toBe(200)
  })

  test('an unknown pod is 404', async () => {
    const { code, json } = await remove('nope')
    expect([code, json.message]).toEqual([404, 'pods "nope" not found'])
  })

  test('a pod of the demo itself can be deleted', async () => {
    cluster.addPod({ name: 'ordinary' })
    expect((await remove('ordinary')).code).toBe(200)
    await askUntil(cluster, `${pods}/ordinary`, ({ reason }) => reason === 'NotFound')
  })
})

test('a dry run responds and changes nothing', async () => {
  expect((await create(makePod('dry'), `${pods}?dryRun=All`)).code).toBe(201)
  expect((await ask(cluster, `${pods}/dry`)).code).toBe(404)
  expect((await create(makePod('web-5f8c'), `${pods}?dryRun=All`)).code).toBe(409)
  expect((await remove('web-5f8c', { dryRun: ['All'] })).code).toBe(200)
  expect((await ask(cluster, `${pods}/web-5f8c`)).json.metadata.deletionTimestamp).toBeUndefined()
})

test('other objects still cannot be written', async () => {
  expect((await ask(cluster, '/api/v1/namespaces/prod/services', { method: 'POST', body: '{}' })).code).toBe(405)
  expect((await ask(cluster, pods, { method: 'DELETE' })).code).toBe(405)
})
