import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, askUntil, watch } from './peer-client.ts'
import { type PeerCluster, startPeerCluster } from './start-peer-cluster.ts'

let cluster: PeerCluster
let withoutFeature: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster({
    startDelayMs: 20,
    missingImages: ['nobody/has:this'],
    users: [
      { name: 'viewer', rights: [{ verbs: ['get', 'patch'], resources: ['pods'] }] },
      { name: 'debugger', rights: [{ verbs: ['patch'], resources: ['pods/ephemeralcontainers'] }] },
    ],
  })
  withoutFeature = await startPeerCluster({
    hasEphemeralContainers: false,
    users: [{ name: 'viewer', rights: [{ verbs: ['get'], resources: ['pods'] }] }],
  })
})
afterAll(async () => {
  await cluster.close()
  await withoutFeature.close()
})

const strategic = 'application/strategic-merge-patch+json'
let serial = 0

/** A pod of its own for each test. */
function addPod(more: object = {}): string {
  const name = `target-${++serial}`
  cluster.addPod({ namespace: 'default', name, ...more })
  return `/api/v1/namespaces/default/pods/${name}`
}

const container = (name: string, more: object = {}) => ({ name, image: 'nicolaka/netshoot:v0.14', ...more })
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

async function patch(path: string, body: unknown, type = strategic, on = cluster, token = on.token) {
  return await ask(on, path, { method: 'PATCH', body: JSON.stringify(body), headers: { 'content-type': type }, token })
}
const addContainers = (path: string, ...containers: object[]) =>
  patch(`${path}/ephemeralcontainers`, { spec: { ephemeralContainers: containers } })

async function stateOf(path: string, name: string, isSo: (state: Record<string, unknown>) => boolean) {
  const find = (pod: { status: { ephemeralContainerStatuses?: { name: string; state: Record<string, unknown> }[] } }) =>
    pod.status.ephemeralContainerStatuses?.find((status) => status.name === name)
  return find(await askUntil(cluster, path, (pod) => isSo(find(pod)?.state ?? {})))
}

describe('adding an ephemeral container:', () => {
  test('the response has the pod with the container and the defaults of the API server', async () => {
    const path = addPod()
    const { code, json } = await addContainers(path, container('a', { targetContainerName: 'app' }))
    expect([code, json.kind]).toEqual([200, 'Pod'])
    expect(json.spec.ephemeralContainers).toEqual([
      {
        name: 'a',
        image: 'nicolaka/netshoot:v0.14',
        targetContainerName: 'app',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ])
    expect((await ask(cluster, `${path}/ephemeralcontainers`)).json.spec.ephemeralContainers[0].name).toBe('a')
  })

  test.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['registry:5000/nginx', 'Always'],
    ['registry:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:0011', 'IfNotPresent'],
  ])('image %s is pulled %s', async (image, policy) => {
    const { json } = await addContainers(addPod(), container('a', { image }))
    expect(json.spec.ephemeralContainers[0].imagePullPolicy).toBe(policy)
  })

  test('a second patch keeps the first container, in any order that kubectl asks for', async () => {
    const path = addPod()
    await addContainers(path, container('a'))
    const { json } = await patch(`${path}/ephemeralcontainers`, {
      spec: {
        '$setElementOrder/ephemeralContainers': [{ name: 'b' }, { name: 'a' }],
        ephemeralContainers: [container('b')],
      },
    })
    expect(json.spec.ephemeralContainers.map(({ name }: { name: string }) => name)).toEqual(['b', 'a'])
  })

  test.each([
    ['application/merge-patch+json', (spec: object) => ({ spec })],
    [
      'application/json-patch+json',
      ({ ephemeralContainers }: { ephemeralContainers: object[] }) => [
        { op: 'add', path: '/spec/ephemeralContainers', value: ephemeralContainers },
      ],
    ],
  ])('%s adds containers too', async (type, format) => {
    const body = format({ ephemeralContainers: [container('a')] })
    expect((await patch(`${addPod()}/ephemeralcontainers`, body, type)).json.spec.ephemeralContainers).toHaveLength(1)
  })

  test('the subresource changes only ephemeral containers', async () => {
    const path = addPod()
    const { json } = await patch(`${path}/ephemeralcontainers`, {
      metadata: { labels: { new: 'label' } },
      spec: { nodeName: 'elsewhere', ephemeralContainers: [container('a')] },
    })
    expect([json.metadata.labels, json.spec.nodeName]).toEqual([undefined, 'demo-node-1'])
  })
})

describe('the peer refuses some ephemeral containers:', () => {
  test('an ephemeral container cannot be removed', async () => {
    const path = addPod()
    await addContainers(path, container('a'))
    const { code, json } = await patch(`${path}/ephemeralcontainers`, {
      spec: { ephemeralContainers: [{ name: 'a', $patch: 'delete' }] },
    })
    const message = 'Forbidden: existing ephemeral containers "a" may not be removed\n'
    expect(code).toBe(422)
    expect(json).toMatchObject({
      message: `Pod "${nameOf(path)}" is invalid: spec.ephemeralContainers: ${message}`,
      reason: 'Invalid',
      details: {
        name: nameOf(path),
        kind: 'Pod',
        causes: [{ reason: 'FieldValueForbidden', message, field: 'spec.ephemeralContainers' }],
      },
    })
  })

  test('an ephemeral container cannot be changed', async () => {
    const path = addPod()
    await addContainers(path, container('a'))
    const { code, json } = await addContainers(path, { name: 'a', image: 'other:1' })
    expect([code, json.details.causes[0].message]).toEqual([
      422,
      'Forbidden: existing ephemeral containers "a" may not be changed\n',
    ])
  })

  test.each([
    [container('app'), 'spec.ephemeralContainers[0].name: Duplicate value: "app"'],
    [{ name: 'a' }, 'spec.ephemeralContainers[0].image: Required value'],
    [
      container('a', { targetContainerName: 'nope' }),
      'spec.ephemeralContainers[0].targetContainerName: Not found: "nope"',
    ],
    [
      container('a', { imagePullPolicy: 'Sometimes' }),
      'spec.ephemeralContainers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
    [
      container('a', { volumeMounts: [{ name: 'host', mountPath: '/host' }] }),
      'spec.ephemeralContainers[0].volumeMounts[0].name: Not found: "host"',
    ],
    [
      container('a', {
        ports: [{ containerPort: 80 }],
        livenessProbe: { exec: {} },
        resources: { limits: { cpu: '1' } },
      }),
      '[spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container, spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container, spec.ephemeralContainers[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container]',
    ],
    [
      container('a', { securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      'spec.ephemeralContainers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ])('%j is 422', async (sent, words) => {
    const path = addPod()
    const { code, json } = await addContainers(path, sent)
    expect([code, json.message]).toEqual([422, `Pod "${nameOf(path)}" is invalid: ${words}`])
    expect((await ask(cluster, path)).json.spec.ephemeralContainers).toBeUndefined()
  })

  test('a name that is no label is 422', async () => {
    const { json } = await addContainers(addPod(), container('Not_A_Label'))
    expect(json.details.causes[0].message).toMatch(
      /^Invalid value: "Not_A_Label": a lowercase RFC 1123 label must consist of/,
    )
  })

  test('a strategic merge patch needs the name', async () => {
    const { code, json } = await addContainers(addPod(), { image: 'nginx:1' })
    expect([code, json.message]).toEqual([500, 'map: map[image:nginx:1] does not contain declared merge key: name'])
  })

  test('static pods have no ephemeral containers', async () => {
    const path = addPod({ annotations: { 'kubernetes.io/config.mirror': 'abc' } })
    const { code, json } = await addContainers(path, container('a'))
    expect([code, json.message]).toEqual([
      422,
      `Pod "${nameOf(path)}" is invalid: []: Forbidden: static pods do not support ephemeral containers`,
    ])
  })

  test.each([
    ['PATCH', strategic],
    ['PUT', 'application/json'],
  ])('%s of the pod itself changes no ephemeral containers', async (method, type) => {
    const path = addPod()
    const { json: pod } = await ask(cluster, path)
    pod.spec.ephemeralContainers = [container('a')]
    const headers = { 'content-type': type }
    const { code, json } = await ask(cluster, path, { method, body: JSON.stringify(pod), headers })
    expect(code).toBe(422)
    expect(json.message).toContain(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
    )
  })

  test('annotations of the pod itself can be patched', async () => {
    const { code, json } = await patch(addPod(), { metadata: { annotations: { seen: 'yes' } } })
    expect([code, json.metadata.annotations]).toEqual([200, { seen: 'yes' }])
  })

  test('a JSON patch knows all operations', async () => {
    const json = 'application/json-patch+json'
    const path = addPod({ annotations: { a: '1', b: '2' } })
    const at = (name: string) => `/metadata/annotations/${name}`
    const operations = [
      { op: 'test', path: at('a'), value: '1' },
      { op: 'replace', path: at('a'), value: '3' },
      { op: 'copy', from: at('a'), path: at('c~1d') },
      { op: 'move', from: at('b'), path: at('e') },
      { op: 'remove', path: at('a') },
    ]
    expect((await patch(path, operations, json)).json.metadata.annotations).toEqual({ 'c/d': '3', e: '2' })
    const { code, json: refusal } = await patch(path, operations, json)
    expect([code, refusal.message]).toEqual([422, 'the server rejected our request due to an error in our request'])
  })

  test('an unknown patch type is 415', async () => {
    const { code, json } = await patch(`${addPod()}/ephemeralcontainers`, {}, 'application/json')
    expect([code, json.reason, json.message]).toEqual([
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
    ])
  })

  test('a patch that is no JSON is 400', async () => {
    const headers = { 'content-type': strategic }
    const answer = await ask(cluster, `${addPod()}/ephemeralcontainers`, { method: 'PATCH', body: '{', headers })
    expect(answer.code).toBe(400)
  })

  test('a patch made for an older version is 409', async () => {
    const path = addPod()
    const { code, json } = await patch(`${path}/ephemeralcontainers`, { metadata: { resourceVersion: '1' } })
    expect([code, json.message]).toEqual([
      409,
      `Operation cannot be fulfilled on pods "${nameOf(path)}": the object has been modified; please apply your changes to the latest version and try again`,
    ])
  })

  test('a patch for an earlier pod of the name is 409', async () => {
    const { code, json } = await patch(`${addPod()}/ephemeralcontainers`, { metadata: { uid: 'other' } })
    expect([code, json.reason]).toEqual([409, 'Conflict'])
  })

  test('an unknown pod is 404', async () => {
    const { code, json } = await addContainers('/api/v1/namespaces/prod/pods/nope', container('a'))
    expect([code, json.message]).toEqual([404, 'pods "nope" not found'])
  })

  test('the right to patch pods is not enough, the one on the subresource is', async () => {
    const path = addPod()
    const body = { spec: { ephemeralContainers: [container('a')] } }
    const as = (user: string) => patch(`${path}/ephemeralcontainers`, body, strategic, cluster, cluster.tokenOf(user))
    const { code, json } = await as('viewer')
    expect([code, json.message]).toEqual([
      403,
      `pods "${nameOf(path)}" is forbidden: User "viewer" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "default"`,
    ])
    expect((await as('debugger')).code).toBe(200)
  })

  test('a SelfSubjectAccessReview knows the right to add an ephemeral container', async () => {
    const allowed = async (user: string) => {
      const attributes = { namespace: 'prod', verb: 'patch', resource: 'pods', subresource: 'ephemeralcontainers' }
      const body = JSON.stringify({ spec: { resourceAttributes: attributes } })
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
      return (await ask(cluster, path, { method: 'POST', body, token: cluster.tokenOf(user) })).json.status.allowed
    }
    expect([await allowed('viewer'), await allowed('debugger')]).toEqual([false, true])
  })

  test('a server without the feature does not know the resource ephemeralcontainers', async () => {
    const path = '/api/v1/namespaces/prod/pods/web-5f8c/ephemeralcontainers'
    const { code, json } = await patch(path, {}, strategic, withoutFeature)
    expect([code, json.message]).toEqual([404, 'the server could not find the requested resource'])
    expect((await ask(withoutFeature, path)).code).toBe(404)
    expect((await patch(path, {}, strategic, withoutFeature, withoutFeature.tokenOf('viewer'))).code).toBe(403)
    const { json: found } = await ask(withoutFeature, '/api/v1')
    expect(JSON.stringify(found)).not.toContain('ephemeralcontainers')
  })
})

describe('starting an ephemeral container:', () => {
  /** Returns the states of the container that a watcher sees, from before it is added. */
  async function statusesOf(more: object, count: number) {
    const path = addPod()
    const { resourceVersion, namespace } = (await ask(cluster, path)).json.metadata
    const events = watch(
      cluster,
      `/api/v1/namespaces/${namespace}/pods?watch=1&resourceVersion=${resourceVersion}&fieldSelector=metadata.name%3D${nameOf(path)}`,
      (seen) => seen.length >= count,
    )
    await addContainers(path, container('a', more))
    return (await events).map(({ object }) => object.status.ephemeralContainerStatuses?.[0])
  }

  test('a container is created, then runs, and watchers see both', async () => {
    const [none, creating, running] = await statusesOf({}, 3)
    expect(none).toBeUndefined()
    expect(creating).toMatchObject({ name: 'a', state: { waiting: { reason: 'ContainerCreating' } }, ready: false })
    expect(running).toMatchObject({
      state: { running: { startedAt: expect.stringMatching(/^20\d\d-/) } },
      containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
    })
  })

  test('an image that no registry has is tried, then the container waits', async () => {
    const [, , failed, waiting] = await statusesOf({ image: 'nobody/has:this' }, 4)
    const reference = 'docker.io/nobody/has:this'
    const words = `rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": ${reference}: not found`
    expect(failed.state).toEqual({ waiting: { reason: 'ErrImagePull', message: words } })
    expect(waiting.state).toEqual({
      waiting: {
        reason: 'ImagePullBackOff',
        message: `Back-off pulling image "nobody/has:this": ErrImagePull: ${words}`,
      },
    })
  })

  test.each([
    [
      { image: 'nobody/has:this', imagePullPolicy: 'Never' },
      'ErrImageNeverPull',
      /^Container image "nobody\/has:this" is not present with pull policy of Never$/,
    ],
    [
      { securityContext: { runAsUser: 0 } },
      'CreateContainerConfigError',
      /^container's runAsUser breaks non-root policy \(pod: "target-\d+_default\([-0-9a-f]{36}\)", container: a\)$/,
    ],
    [{}, 'CreateContainerConfigError', /^container has runAsNonRoot and image will run as root \(pod: /],
  ])('in a pod for ordinary users %j waits with %s', async (more, reason, message) => {
    const path = addPod()
    cluster.updatePod(`default/${nameOf(path)}`, (pod) => {
      pod.spec.securityContext = { runAsNonRoot: true }
    })
    await addContainers(path, container('a', more))
    const status = await stateOf(
      path,
      'a',
      ({ waiting }) =>
        (waiting as { reason: string } | undefined)?.reason !== 'ContainerCreating' && waiting !== undefined,
    )
    expect(status?.state).toEqual({ waiting: { reason, message: expect.stringMatching(message) } })
  })

  test.each([{ runAsNonRoot: false, runAsUser: 0 }, { runAsUser: 1000 }])(
    'in a pod for ordinary users %j starts',
    async (securityContext) => {
      const path = addPod()
      cluster.updatePod(`default/${nameOf(path)}`, (pod) => {
        pod.spec.securityContext = { runAsNonRoot: true }
      })
      await addContainers(path, container('a', { securityContext }))
      await stateOf(path, 'a', ({ running }) => running !== undefined)
    },
  )

  test('a container whose process has ended stays ended', async () => {
    const path = addPod()
    await addContainers(path, container('a'))
    await stateOf(path, 'a', ({ running }) => running !== undefined)
    cluster.endContainer(`default/${nameOf(path)}`, 'a')
    const status = await stateOf(path, 'a', ({ terminated }) => terminated !== undefined)
    expect(status?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
  })
})
