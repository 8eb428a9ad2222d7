import { hostname, userInfo } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { ask } from '../peer/peer-client.ts'
import { openDemoFixture } from '../support/demo.ts'
import { captured, expectRefusal, makeDemoUser, openDemoUsers, requestsOf, writeConfig } from '../support/demo-user.ts'
import { readGrant } from '../support/read-grant.ts'

const exec = { verbs: ['get', 'create'], resources: ['pods/exec'] }
const look = { verbs: ['get', 'list'], resources: ['pods'] }
const { demo, admin } = await openDemoUsers({
  users: [
    { name: 'no-create', rights: [look, exec] },
    { name: 'no-delete', rights: [look, exec, { verbs: ['create'], resources: ['pods'] }] },
  ],
})
afterEach(async () => {
  // Whatever a test has done, no pod of kcap's is left.
  await expect.poll(nodePods, { timeout: 5_000 }).toEqual([])
})

async function nodePods() {
  const query = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dkcap%2Capp.kubernetes.io%2Fname%3Dkcap-capture'
  return (await ask(demo.cluster, `/api/v1/pods?${query}`)).json.items
}

async function awaitNodePod() {
  const findRunning = async () =>
    (await nodePods()).find((pod: { status: { phase: string } }) => pod.status.phase === 'Running')
  await expect.poll(findRunning, { timeout: 10_000 }).toBeDefined()
  return await findRunning()
}
const changes = (requests: readonly string[]) => requests.filter((request) => !/^GET |reviews$/.test(request))
const createdIn = (namespace: string) => `POST /api/v1/namespaces/${namespace}/pods`
const deletedIn = (namespace: string) =>
  expect.stringMatching(new RegExp(`^DELETE /api/v1/namespaces/${namespace}/pods/kcap-[0-9a-f]{8}$`))

describe('a pod is created on the node and deleted at the end of the capture', () => {
  test.each([
    ['a distroless pod', 'prod/minimal-0'],
    ["a pod on the node's own network", 'kube-system/kube-proxy-4zk7m'],
    ['the node itself', 'node/demo-node-1'],
  ])('%s', async (_what, target) => {
    const namespace = target.startsWith('kube-system') ? 'kube-system' : 'prod'
    const requests = await requestsOf(demo, async () => {
      expect(await admin.capture(target, '--via', 'node-pod')).toMatchObject({
        code: 0,
        lines: expect.arrayContaining([captured]),
      })
    })
    expect(changes(requests)).toEqual([createdIn(namespace), deletedIn(namespace)])
  })

  test('one for two pods of one node', async () => {
    const requests = await requestsOf(demo, async () => {
      expect((await admin.capture('prod/orders-6c9f', 'prod/web-5f8c', '--via', 'node-pod')).code).toBe(0)
    })
    expect(changes(requests)).toEqual([createdIn('prod'), deletedIn('prod')])
  })

  test('one on each node for pods of two', async () => {
    const requests = await requestsOf(demo, async () => {
      expect((await admin.capture('prod/orders-6c9f', 'prod/db-0', '--via', 'node-pod')).code).toBe(0)
    })
    expect(changes(requests).sort()).toEqual([
      deletedIn('prod'),
      deletedIn('prod'),
      createdIn('prod'),
      createdIn('prod'),
    ])
  })

  test('in another namespace where that is named', async () => {
    demo.cluster.labelNamespace('staging', { 'pod-security.kubernetes.io/enforce': 'restricted' })
    const requests = await requestsOf(demo, async () => {
      const words = ['staging/web-77aa', '--via', 'node-pod', '--debug-namespace', 'kube-system']
      expect((await admin.capture(...words)).code).toBe(0)
    })
    expect(changes(requests)).toEqual([createdIn('kube-system'), deletedIn('kube-system')])
  })
})

test('a node pod names its owner, ends by itself, and has no token', async () => {
  const run = admin.start('prod/minimal-0', '--via', 'node-pod', '--duration', '60', '-o', '-')
  const { metadata, spec } = await awaitNodePod()
  run.child.kill('SIGINT')
  expect((await run.ended).code).toBe(0)
  const owner = metadata.annotations['kcap/owner']
  expect(owner).toMatch(new RegExp(`^${userInfo().username}@${hostname()} ${run.child.pid} \\d{4}-\\d\\d-\\d\\dT`))
  expect(spec).toMatchObject({
    nodeName: 'demo-node-1',
    hostNetwork: true,
    hostPID: true,
    activeDeadlineSeconds: 60 + 300,
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
  })
  expect(spec.containers[0].volumeMounts ?? []).toEqual([])
})

test('a node pod is deleted when the capture stops while the pod starts', async () => {
  const slow = await openDemoFixture({ startDelayMs: 60_000 })
  const run = (await makeDemoUser(slow)).start('node/demo-node-1', '--via', 'node-pod', '-o', '/dev/null', '--force')
  const looks = () => slow.cluster.requests.filter(({ path }) => /\/pods\/kcap-\w+$/.test(path))
  await expect.poll(() => looks().length, { timeout: 10_000 }).toBeGreaterThan(0)
  run.child.kill('SIGINT')
  await run.ended
  expect(changes(slow.cluster.requests.map(({ method, path }) => `${method} ${path}`))).toEqual([
    createdIn('prod'),
    deletedIn('prod'),
  ])
})

test('a node pod is deleted when the output cannot be written', async () => {
  const requests = await requestsOf(demo, async () => {
    const { code } = await admin.run('prod/minimal-0', '--via', 'node-pod', '-o', '/dev/full', '--force')
    expect(code).toBe(7)
  })
  expect(changes(requests)).toEqual([createdIn('prod'), deletedIn('prod')])
})

test('a user who may not delete pods is refused before a node pod is created', async () => {
  const user = await makeDemoUser(demo, 'no-delete')
  const requests = await requestsOf(demo, async () => {
    const { code, lines } = await user.capture('prod/minimal-0', '--via', 'node-pod')
    expect(code).toBe(5)
    expectRefusal(
      lines,
      'cannot delete pods in the namespace "prod": user "no-delete" is not allowed to',
      'the missing right is "delete" on "pods"',
    )
  })
  expect(changes(requests)).toEqual([])
})

test('where a policy refuses exec, consent creates nothing in vain, by whatever route', async () => {
  await demo.cluster.misbehave({ execPolicy: 'no exec here' })
  const requests = await requestsOf(demo, async () => {
    for (const via of [[], ['--via', 'ephemeral'], ['--via', 'node-pod']]) {
      const { code, lines } = await admin.capture('prod/minimal-0', '--yes', ...via)
      expect([code, lines[0]]).toEqual([
        5,
        expect.stringMatching(/the cluster refuses it: .* denied request: no exec here$/),
      ])
    }
  })
  await demo.cluster.misbehave({})
  expect(changes(requests)).toEqual([])
})

describe('consent to a node pod', () => {
  test("is needed: without it a node is 'consent-missing', with the line that gives it", async () => {
    const requests = await requestsOf(demo, async () => {
      const { code, lines } = await admin.run('node/demo-node-1', '-o', 'x.pcapng')
      expect(code).toBe(5)
      expectRefusal(
        lines,
        'cannot capture "node/demo-node-1": this creates a temporary pod on the node: allow it with --via node-pod or --yes',
        'kcap node/demo-node-1 -o x.pcapng --via node-pod',
      )
    })
    expect(changes(requests)).toEqual([])
  })

  test('is given by the config file', async () => {
    const KCAP_CONFIG = await writeConfig(demo, 'consent: [node-pod]\n')
    const requests = await requestsOf(demo, async () => {
      const user = await makeDemoUser(demo, undefined, { KCAP_CONFIG })
      expect((await user.capture('prod/minimal-0')).code).toBe(0)
      expect((await user.capture('node/demo-node-1')).code).toBe(0)
    })
    // A debug container, which would be tried before, is not allowed by that.
    expect(changes(requests)).toEqual([createdIn('prod'), deletedIn('prod'), createdIn('prod'), deletedIn('prod')])
  })
})

describe('a node pod is refused', () => {
  test('to a login without the right to create pods', async () => {
    const user = await makeDemoUser(demo, 'no-create')
    const { code, lines } = await user.capture('prod/minimal-0', '--via', 'node-pod')
    expect(code).toBe(5)
    expectRefusal(
      lines,
      'cannot create pods in the namespace "prod": user "no-create" is not allowed to',
      'the missing right is "create" on "pods"',
    )
    const [role] = readGrant(lines.join('\n'))
    expect(role?.rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
    ])
  })

  test("by the pod security level 'baseline' it is 'admission-refused', and another namespace is named", async () => {
    demo.cluster.labelNamespace('default', { 'pod-security.kubernetes.io/enforce': 'baseline' })
    demo.cluster.addPod({ namespace: 'default', name: 'guarded-0', tools: 'no-shell' })
    const { code, lines } = await admin.capture('default/guarded-0', '--via', 'node-pod')
    expect([code, lines[0]]).toEqual([
      5,
      expect.stringMatching(/pods in the namespace "default": its pod security level "baseline" does not allow: /),
    ])
    expect(lines.join('\n')).toContain('--via node-pod --debug-namespace kube-system')
  })

  test("in a namespace that is not there it is 'namespace-not-found'", async () => {
    const { code, lines } = await admin.capture('node/demo-node-1', '--via', 'node-pod', '--debug-namespace', 'nope')
    expect(code).toBe(3)
    expectRefusal(lines, 'cannot create a pod in "nope": there is no such namespace', '--debug-namespace NS')
  })
})
