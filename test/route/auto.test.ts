import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { captured, makeDemoUser, openDemoUsers, requestsOf } from '../support/demo-user.ts'
import { makeFakeKubectl } from '../support/fake-kubectl.ts'

const look = { verbs: ['get', 'list'], resources: ['pods'] }
const { demo, admin } = await openDemoUsers({
  users: [
    { name: 'create-only', rights: [look, { verbs: ['create'], resources: ['pods/exec'] }] },
    { name: 'viewer', rights: [look] },
  ],
})

const looks = 'GET /api/v1/namespaces/prod/pods'

test('a pod that captures by itself is asked for, watched and entered, and nothing else is asked of the cluster', async () => {
  const requests = await requestsOf(demo, async () => {
    expect((await admin.capture('prod/orders-6c9f')).code).toBe(0)
  })
  const pod = '/api/v1/namespaces/prod/pods/orders-6c9f'
  // The capture has the open connection, and may end before the list has one of its own.
  expect(new Set([...requests, looks])).toEqual(new Set([`GET ${pod}`, looks, `GET ${pod}/exec`]))
})

test('a pod that has dumpcap instead of tcpdump needs no other route', async () => {
  demo.cluster.addPod({ name: 'shark-0', tools: 'dumpcap' })
  const requests = await requestsOf(demo, async () => {
    expect(await admin.capture('prod/shark-0')).toMatchObject({ code: 0, lines: expect.arrayContaining([captured]) })
  })
  expect(requests.filter((request) => request !== looks)).toHaveLength(2)
})

describe('without consent', () => {
  test.each([
    ['no-shell', 'prod/minimal-0', 6, 'cannot capture in "prod/minimal-0": its container has no "sh"'],
    ['no-capture-program', 'prod/slim-0', 6, 'cannot capture in "prod/slim-0": there is no "tcpdump"'],
    ['capture-not-permitted', 'prod/locked-0', 5, /^cannot capture in "prod\/locked-0": its user may not capture/],
  ])(
    "what keeps exec from capturing stays '%s', and each route is named with its reason",
    async (_, pod, exit, message) => {
      const { code, lines } = await admin.capture(pod)
      expect(code).toBe(exit)
      expect(lines[0]?.replace('kcap: error: ', '')).toEqual(
        typeof message === 'string' ? message : expect.stringMatching(message),
      )
      const hints = lines.slice(1).map((line) => line.replace('kcap:   hint: ', ''))
      expect(hints).toContainEqual(
        expect.stringMatching(/^via ephemeral, if you allow it: adds a debug container to the pod/),
      )
      expect(hints).toContainEqual(expect.stringMatching(new RegExp(`^kcap ${pod} .* --via ephemeral$`)))
      expect(hints).toContainEqual(expect.stringMatching(/^via node-pod, if you allow it: creates a temporary pod/))
      expect(hints).toContainEqual(expect.stringMatching(new RegExp(`^kcap ${pod} .* --via node-pod$`)))
      expect(hints).toContainEqual(expect.stringMatching(/^not via kubectl: /))
      expect(hints).toContainEqual(expect.stringMatching(new RegExp(`^kcap ${pod} --ssh-host demo-node-[12]`)))
    },
  )

  test('nothing is created or changed', async () => {
    const requests = await requestsOf(demo, () => admin.capture('prod/slim-0'))
    expect(requests.filter((request) => !/^GET |^POST .*reviews$/.test(request))).toEqual([])
  })

  test('a route that the login may not use names the missing right', async () => {
    const { code, lines } = await (await makeDemoUser(demo, 'viewer')).capture('prod/orders-6c9f')
    expect([code, lines[0]]).toEqual([
      5,
      'kcap: error: cannot get pods/exec in the namespace "prod": user "viewer" is not allowed to',
    ])
    const hints = lines.join('\n')
    expect(hints).toMatch(/not via ephemeral: the login has no "patch" on "pods\/ephemeralcontainers"/)
    expect(hints).toMatch(/not via node-pod: the login has no "create" on "pods" in the namespace "prod"/)
  })

  test('a namespace that enforces "restricted" closes both creating routes, and their reason says so', async () => {
    demo.cluster.labelNamespace('default', { 'pod-security.kubernetes.io/enforce': 'restricted' })
    demo.cluster.addPod({ namespace: 'default', name: 'guarded-0', tools: 'no-shell' })
    const { code, lines } = await admin.capture('default/guarded-0', '--yes')
    expect(code).toBe(6)
    for (const via of ['ephemeral', 'node-pod'])
      expect(lines.join('\n')).toMatch(
        new RegExp(`not via ${via}: the namespace "default" enforces the pod security level "restricted"`),
      )
  })
})

describe('a login that may only "create" exec', () => {
  test('goes through kubectl where there is one', async () => {
    const kubectl = await makeFakeKubectl(demo.folder)
    const user = await makeDemoUser(demo, 'create-only', { PATH: `${kubectl.folder}:${process.env.PATH}` })
    const { code, lines } = await user.capture('prod/orders-6c9f')
    expect([code, lines]).toEqual([0, expect.arrayContaining([captured])])
    expect(await readFile(kubectl.calls, 'utf8')).toMatch(
      /kubectl exec --context=kcap-demo --namespace=prod --container=api --stdin pod\/orders-6c9f -- sh -c /,
    )
  })

  test('is refused where there is none, and the missing kubectl is reported', async () => {
    const { code, lines } = await (await makeDemoUser(demo, 'create-only')).capture('prod/orders-6c9f')
    expect([code, lines.join('\n')]).toEqual([
      5,
      expect.stringMatching(/not via kubectl: there is no "kubectl" on PATH/),
    ])
  })

  test('kubectl is not tried for a container that has nothing to capture with', async () => {
    const kubectl = await makeFakeKubectl(demo.folder)
    const user = await makeDemoUser(demo, undefined, { PATH: `${kubectl.folder}:${process.env.PATH}` })
    const { code, lines } = await user.capture('prod/slim-0')
    expect([code, lines.join('\n')]).toEqual([6, expect.stringMatching(/not via kubectl: it would meet the same/)])
    await expect(readFile(kubectl.calls)).rejects.toThrow('ENOENT')
  })
})
