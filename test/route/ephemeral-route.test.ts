import { describe, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { ask } from '../peer/peer-client.ts'
import { expectRefusal, makeDemoUser, openDemoUsers, requestsOf } from '../support/demo-user.ts'
import { readGrant } from '../support/read-grant.ts'

const exec = { verbs: ['get', 'create'], resources: ['pods/exec'] }
const look = { verbs: ['get', 'list'], resources: ['pods'] }
const missingImage = 'registry.example/nobody:1'
let serial = 0
const { demo, admin } = await openDemoUsers({
  missingImages: [missingImage],
  imageTools: { 'bare:1': 'no-tcpdump', 'weak:1': 'no-permission' },
  users: [{ name: 'no-patch', rights: [look, exec] }],
})

/** A pod without a shell that no other test captures. */
function addDistroless(namespace = 'prod'): string {
  const name = `distroless-${++serial}`
  demo.cluster.addPod({ namespace, name, tools: 'no-shell' })
  return `${namespace}/${name}`
}

async function ephemeralContainersOf(pod: string) {
  const [namespace, name] = pod.split('/')
  const { json } = await ask(demo.cluster, `/api/v1/namespaces/${namespace}/pods/${name}`)
  return json.spec.ephemeralContainers ?? []
}
const captured = /: 20 packets, /

describe('a distroless pod', () => {
  test('is captured by a debug container that joins it, and the next capture takes the same one', async () => {
    const pod = addDistroless()
    const captures: { code: number | null; lines: string[] }[] = []
    const requests = await requestsOf(demo, async () => {
      captures.push(await admin.capture(pod, '--via', 'ephemeral'))
      captures.push(await admin.capture(pod, '--via', 'ephemeral'))
    })
    expect(captures).toEqual(
      captures.map(() => ({
        code: 0,
        file: expect.anything(),
        lines: expect.arrayContaining([expect.stringMatching(captured)]),
      })),
    )
    const patch = `PATCH /api/v1/namespaces/prod/pods/${pod.split('/')[1]}/ephemeralcontainers`
    expect(requests.filter((request) => !request.startsWith('GET '))).toEqual([patch])
    expect(await ephemeralContainersOf(pod)).toMatchObject([
      { name: expect.stringMatching(/^kcap-[0-9a-f]{8}$/), image: `ghcr.io/kcap/kcap:${version}` },
    ])
  })

  test('is captured in auto with --yes, and the creating routes are tried in their order', async () => {
    const requests = await requestsOf(demo, async () => {
      expect((await admin.capture(addDistroless(), '--yes')).code).toBe(0)
    })
    expect(requests.filter((request) => /^(PATCH|DELETE)|^POST .*\/pods$/.test(request))).toEqual([
      expect.stringMatching(/^PATCH .*\/ephemeralcontainers$/),
    ])
  })

  test('that has an ended debug container of kcap gets another', async () => {
    const pod = addDistroless()
    await admin.capture(pod, '--via', 'ephemeral')
    const [{ name }] = await ephemeralContainersOf(pod)
    demo.cluster.endContainer(pod, name)
    expect((await admin.capture(pod, '--via', 'ephemeral')).code).toBe(0)
    expect((await ephemeralContainersOf(pod)).length).toBe(2)
  })

  test("keeps the debug containers that are somebody's", async () => {
    const pod = addDistroless()
    const [, name] = pod.split('/')
    const theirs = { name: 'debugger-x', image: 'busybox:1' }
    await ask(demo.cluster, `/api/v1/namespaces/prod/pods/${name}/ephemeralcontainers`, {
      method: 'PATCH',
      body: JSON.stringify({ spec: { ephemeralContainers: [theirs] } }),
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
    })
    expect((await admin.capture(pod, '--via', 'ephemeral')).code).toBe(0)
    expect((await ephemeralContainersOf(pod)).map((container: { name: string }) => container.name)).toEqual(
      expect.arrayContaining(['debugger-x', expect.stringMatching(/^kcap-/)]),
    )
  })
})

test('a pod whose containers must not be root is captured by a debug container that is', async () => {
  const pod = addDistroless()
  demo.cluster.updatePod(pod, ({ spec }) => {
    spec.securityContext = { runAsNonRoot: true, runAsUser: 1000 }
  })
  expect((await admin.capture(pod, '--via', 'ephemeral')).code).toBe(0)
  expect(await ephemeralContainersOf(pod)).toMatchObject([
    { securityContext: { runAsUser: 0, runAsNonRoot: false, capabilities: { drop: ['ALL'] } } },
  ])
})

test('where "baseline" forbids to ask for rights, those of the container runtime do', async () => {
  demo.cluster.labelNamespace('default', { 'pod-security.kubernetes.io/enforce': 'baseline' })
  const pod = addDistroless('default')
  const { code, lines } = await admin.capture(pod, '--via', 'ephemeral', '--verbose')
  expect([code, lines.join('\n')]).toEqual([0, expect.stringMatching(/level "baseline".*runtime's own capabilities/)])
  const [{ securityContext }] = await ephemeralContainersOf(pod)
  expect(securityContext.capabilities).toBe(undefined)
})

test('where "restricted" forbids it, it is \'admission-refused\', and no hint suggests lowering its level', async () => {
  demo.cluster.labelNamespace('staging', { 'pod-security.kubernetes.io/enforce': 'restricted' })
  const { code, lines } = await admin.capture('staging/web-77aa', '--via', 'ephemeral')
  expect([code, lines[0]]).toEqual([
    5,
    expect.stringMatching(
      /^kcap: error: cannot patch pods\/ephemeralcontainers in the namespace "staging": its pod security level "restricted" does not allow: /,
    ),
  ])
  expect(lines.slice(1)).toEqual([
    'kcap:   hint: a pod on the node may be created elsewhere: --via node-pod --debug-namespace kube-system',
  ])
})

test("an image that the node can't pull is 'debug-container-failed', and another one can be named", async () => {
  const { code, lines } = await admin.capture(addDistroless(), '--via', 'ephemeral', '--debug-image', missingImage)
  expect([code, lines[0]]).toEqual([
    6,
    expect.stringMatching(
      /^kcap: error: cannot start the debug container "kcap-[0-9a-f]{8}" in "prod\/distroless-\d+": ImagePullBackOff: .*not found$/,
    ),
  ])
  expect(lines.slice(1).join('\n')).toMatch(/--debug-image REGISTRY\/IMAGE$/m)
  expect(lines.slice(1).join('\n')).toContain(missingImage)
})

test.each([
  ['bare:1', 'ephemeral', 6, 'the image of the debug container must have it: --debug-image IMAGE'],
  ['bare:1', 'node-pod', 6, 'the image of the debug container must have it: --debug-image IMAGE'],
  ['weak:1', 'ephemeral', 5, 'the node keeps the rights to capture from it: --via node-pod, or --privileged'],
  ['weak:1', 'node-pod', 5, 'the node keeps the rights to capture from it: --privileged'],
])('an image that cannot capture (%s, via %s) gets no hint on other containers', async (image, via, exit, hint) => {
  const { code, lines } = await admin.capture(addDistroless(), '--via', via, '--debug-image', image)
  expect([code, lines.slice(1)]).toEqual([exit, [`kcap:   hint: ${hint}`]])
})

test('a login without the right to patch gets the name of that right', async () => {
  const noPatch = await makeDemoUser(demo, 'no-patch')
  const { code, lines } = await noPatch.capture(addDistroless(), '--via', 'ephemeral')
  expect(code).toBe(5)
  expectRefusal(
    lines,
    'cannot patch pods/ephemeralcontainers in the namespace "prod": user "no-patch" is not allowed to',
    'the missing right is "patch" on "pods/ephemeralcontainers"',
  )
  const [role] = readGrant(lines.join('\n'))
  expect(role?.rules?.map(({ resources }) => resources[0])).toEqual(['pods', 'pods/exec', 'pods/ephemeralcontainers'])
})

test('a static pod takes no debug container, and a pod on its node is the hint', async () => {
  const annotations = { 'kubernetes.io/config.mirror': 'a1b2c3', 'kubernetes.io/config.hash': 'a1b2c3' }
  demo.cluster.addPod({ namespace: 'kube-system', name: 'etcd-0', tools: 'no-shell', hostNetwork: true, annotations })
  const refused = await admin.capture('kube-system/etcd-0', '--via', 'ephemeral')
  expect(refused.code).toBe(6)
  expectRefusal(
    refused.lines,
    'cannot add a debug container to "kube-system/etcd-0": it is a static pod, which the API cannot change',
    'kcap kube-system/etcd-0 --via node-pod',
  )
  const asked = await admin.capture('kube-system/etcd-0')
  expect(asked.lines.join('\n')).toMatch(/not via ephemeral: .*static pod/)
  expect((await admin.capture('kube-system/etcd-0', '--yes')).code).toBe(0)
})
