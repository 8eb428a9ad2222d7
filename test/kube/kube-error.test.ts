import { expect, test } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { openExecChannel } from '../../src/kube/exec-channel.ts'
import { toApiError, toConnectError } from '../../src/kube/kube-error.ts'
import { getPod, listPods } from '../../src/kube/kube-objects.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { readGrant } from '../support/read-grant.ts'

const signal = new AbortController().signal
const demo = await openDemoFixture({
  users: [{ name: 'viewer', rights: [{ verbs: ['get', 'list'], resources: ['pods'], namespaces: ['prod'] }] }],
})

async function open(file: string) {
  return await openCluster({ kubeconfigPaths: [file], signal, timeoutMs: 1000, interactive: false })
}

test("a wrong token is 'api-unauthorized'", async () => {
  const error = await failureOf(listPods(await open(await demo.kubeconfig(undefined, { token: 'wrong' })), { signal }))
  expect([error.code, error.exitCode]).toEqual(['api-unauthorized', 4])
  expect(error.message).toBe(
    `cannot log in to "127.0.0.1:${demo.cluster.port}": the API server does not accept the login (401)`,
  )
  expect(error.hints).toContain('see whether kubectl can log in: kubectl get pods')
})

test("a missing right is 'api-forbidden', with the Role that grants it", async () => {
  const access = await open(await demo.kubeconfig('viewer'))
  const list = await failureOf(listPods(access, { signal }))
  expect([list.code, list.exitCode, list.message]).toEqual([
    'api-forbidden',
    5,
    'cannot list pods in all namespaces: user "viewer" is not allowed to',
  ])
  expect(readGrant(list.hints.join('\n'))).toMatchObject([
    {
      kind: 'ClusterRole',
      metadata: { name: 'kcap:viewer:list-pods' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    { kind: 'ClusterRoleBinding', subjects: [{ kind: 'User', name: 'viewer' }] },
  ])
  const exec = await failureOf(
    openExecChannel(access, { namespace: 'prod', pod: 'orders-6c9f', container: 'api', argv: ['sh'], signal }),
  )
  expect([exec.code, exec.exitCode]).toEqual(['api-forbidden', 5])
  expect(exec.message).toContain('cannot get pods/exec in the namespace "prod": user "viewer"')
  expect(readGrant(exec.hints.join('\n'))[0]).toMatchObject({
    kind: 'Role',
    metadata: { namespace: 'prod' },
    rules: [{ resources: ['pods/exec'], verbs: ['get', 'create'] }],
  })
})

test.each([
  [403, 'admission webhook "no-exec.shop.example" denied the request: nobody enters these'],
  [400, 'admission webhook "no-exec.shop.example" denied the request: nobody enters these'],
  [
    422,
    "pods \"orders-6c9f\" is forbidden: ValidatingAdmissionPolicy 'no-exec' with binding 'all' denied request: nobody enters these",
  ],
])(
  "an exec that the cluster's policy refuses is 'admission-refused', not a missing right: %s, %s",
  (status, message) => {
    const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, code: status })
    const action = { verb: 'get', resource: 'pods/exec', namespace: 'prod' } as const
    const error = toApiError({ server: new URL('https://127.0.0.1:6443') }, action, status, body)
    expect([error.code, error.exitCode, error.message, error.hints]).toEqual([
      'admission-refused',
      5,
      `cannot get pods/exec in the namespace "prod": the cluster refuses it: ${message}`,
      ['another route may be open: kcap doctor reports which'],
    ])
  },
)

test("a port where nothing listens is 'api-unreachable'", async () => {
  const error = await failureOf(
    getPod(await open(await demo.kubeconfig(undefined, { server: 'https://127.0.0.1:1' })), 'prod', 'x', signal),
  )
  expect([error.code, error.exitCode, error.message]).toEqual([
    'api-unreachable',
    4,
    'cannot reach the API server "127.0.0.1:1": nothing listens there (connection refused)',
  ])
  expect(error.hints[0]).toContain('kcap list contexts')
  expect(error.hints[1]).toBe('kubectl --context kcap-demo get --raw /readyz')
})

test("a certificate nobody vouches for is 'api-certificate'", async () => {
  const other = await openDemoFixture()
  const error = await failureOf(
    getPod(await open(await demo.kubeconfig(undefined, { server: other.cluster.url })), 'prod', 'x', signal),
  )
  expect([error.code, error.exitCode]).toEqual(['api-certificate', 4])
  expect(error.message).toContain(
    `cannot trust the API server "127.0.0.1:${other.cluster.port}": its certificate is signed by nobody the kubeconfig trusts`,
  )
  expect(error.hints).toEqual([
    expect.stringContaining('get a new kubeconfig from whoever runs it, or by aws eks update-kubeconfig'),
    expect.stringContaining(
      "kubectl config view --context kcap-demo --minify --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}'",
    ),
    expect.stringContaining(`openssl s_client -connect 127.0.0.1:${other.cluster.port} </dev/null`),
  ])
})

test.each([
  [500, 'cannot list pods of'],
  ['html', 'its answer is no JSON'],
] as const)("an answer that is a failure of the server (%s) is 'api-failed'", async (answer, state) => {
  const access = await open(await demo.kubeconfig())
  await demo.cluster.misbehave({ answer })
  const error = await failureOf(listPods(access, { signal }))
  await demo.cluster.misbehave({})
  expect([error.code, error.exitCode]).toEqual(['api-failed', 1])
  expect(error.message).toContain(state)
  expect(error.hints.join()).toContain('kubectl get --raw')
})

test('a list of many pages is whole, and a limit ends it early', async () => {
  demo.cluster.addPods(1200, 'default', 'many')
  const access = await open(await demo.kubeconfig())
  const rows = await listPods(access, { namespace: 'default', signal })
  expect(rows.filter(({ name }) => name.startsWith('many')).length).toBe(1200)
  expect((await listPods(access, { namespace: 'default', limit: 7, signal })).length).toBe(7)
})

test('an aborted request ends with the reason of the abort', async () => {
  const access = await open(await demo.kubeconfig())
  await demo.cluster.misbehave({ answer: 'never' })
  const controller = new AbortController()
  const before = demo.cluster.requests.length
  const aborted = expect(listPods(access, { signal: controller.signal })).rejects.toBe('enough')
  await expect.poll(() => demo.cluster.requests.length).toBeGreaterThan(before)
  controller.abort('enough')
  await aborted
  await demo.cluster.misbehave({})
})

test.each([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet: is the clock of this machine right?'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
])('%s is reported without a hint on the authority', (code, state) => {
  const error = toConnectError(new URL('https://api.shop'), Object.assign(new Error('x'), { code }), 'shop')
  expect([error.code, error.message]).toEqual(['api-certificate', `cannot trust the API server "api.shop": ${state}`])
  expect(error.hints).toEqual([
    'whose certificate the server shows: openssl s_client -connect api.shop:443 </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates',
  ])
})
