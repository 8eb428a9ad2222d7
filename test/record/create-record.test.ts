import { expect, test } from 'vitest'
import { checkRecord, createRecord } from '../../src/record/create-record.ts'
import { deleteRecord } from '../../src/record/delete-record.ts'
import { findRecord } from '../../src/record/find-records.ts'
import { jobName } from '../../src/record/record-objects.ts'
import { makeTypedClients } from '../../src/record/typed-clients.ts'
import { failureOf } from '../support/failure.ts'
import { recordSpec } from '../support/record-spec.ts'
import { openStorePeer, type StorePeerOptions } from '../support/store-peer.ts'

const { signal } = new AbortController()
const job = (node: string) => `jobs/shop/${jobName('orders-7f3a', node)}`
const rights = [
  'rolebindings/shop/kcap-orders-7f3a',
  'rolebindings/staging/kcap-orders-7f3a',
  'roles/shop/kcap-orders-7f3a',
  'roles/staging/kcap-orders-7f3a',
  'serviceaccounts/shop/kcap-orders-7f3a',
]

async function open(options: StorePeerOptions = {}) {
  const peer = await openStorePeer(options)
  return { ...peer, clients: makeTypedClients(peer.access, signal) }
}

test('a check lets the API server look at every object and a pod, and creates nothing', async () => {
  const { clients, names, requests } = await open()
  await checkRecord(clients, recordSpec, 'node-1')
  expect(names()).toEqual([])
  expect(requests).toEqual(
    [
      '/api/v1/namespaces/shop/serviceaccounts',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/staging/roles',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/staging/rolebindings',
      '/apis/batch/v1/namespaces/shop/jobs',
      '/api/v1/namespaces/shop/pods',
    ].map((path) => `POST ${path}?dryRun=All`),
  )
})

test('a record consists of one job for each node, which own what lets them read pods in their namespace', async () => {
  const { clients, names, patches } = await open()
  await createRecord(clients, recordSpec, ['node-1', 'node-2'])
  expect(names()).toEqual([job('node-1'), job('node-2'), ...rights].toSorted())
  const owners = ['node-1', 'node-2'].map((node) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: jobName('orders-7f3a', node),
    uid: `uid-of-${jobName('orders-7f3a', node)}`,
  }))
  expect(patches).toEqual(
    ['serviceaccounts', 'roles', 'rolebindings'].map((resource) => ({
      key: `${resource}/shop/kcap-orders-7f3a`,
      type: 'application/strategic-merge-patch+json',
      metadata: { ownerReferences: owners },
    })),
  )
})

test('a second start adds the nodes that a record lacks', async () => {
  const { clients, names } = await open()
  await createRecord(clients, recordSpec, ['node-1'])
  await createRecord(clients, recordSpec, ['node-1', 'node-2'])
  expect(names()).toEqual([job('node-1'), job('node-2'), ...rights].toSorted())
})

test('a deletion removes everything, and nothing else', async () => {
  const { clients, access, names, put } = await open()
  put('jobs', { metadata: { name: 'backup', namespace: 'shop' } })
  await createRecord(clients, recordSpec, ['node-1', 'node-2'])
  const record = await findRecord(access, 'orders-7f3a', undefined, signal)
  expect(await deleteRecord(clients, access, record, signal)).toBe(0)
  expect(names()).toEqual(['jobs/shop/backup'])
})

test.each([
  [
    { refusals: { pods: [403, 'pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces'] } },
    {
      code: 'admission-refused',
      message:
        'cannot create recorders in the namespace "shop": its pod security level "baseline" does not allow: host namespaces',
      hints: [
        'recorders may run in another namespace than the pods: --debug-namespace NS',
        'kcap doctor --record -n shop',
      ],
    },
  ],
  [
    { refusals: { jobs: [403, 'jobs.batch is forbidden: User "ann" cannot create resource "jobs"'] } },
    { code: 'api-forbidden', message: 'cannot create jobs in the namespace "shop": user "ann" is not allowed to' },
  ],
  [
    { namespaces: ['staging'] },
    { code: 'namespace-not-found', message: 'cannot record in "shop": there is no such namespace' },
  ],
] as const)('a refusal %j is reported before anything is created', async (options, failure) => {
  const { clients, names } = await open(options)
  expect(await failureOf(checkRecord(clients, recordSpec, 'node-1'))).toMatchObject(failure)
  expect(names()).toEqual([])
})
