import { expect, test } from 'vitest'
import { exitCodes } from '../../src/base/error-codes.ts'
import { findRecord, findRecords } from '../../src/record/find-records.ts'
import { jobName, makeRecorderJob, type RecordSpec } from '../../src/record/record-objects.ts'
import { failureOf } from '../support/failure.ts'
import { recordSpec } from '../support/record-spec.ts'
import { openStorePeer, type StoredObject } from '../support/store-peer.ts'

const { signal } = new AbortController()

function jobOf(spec: RecordSpec, node: string, more: object = {}): StoredObject {
  const made = makeRecorderJob(spec, node)
  return {
    ...made,
    ...more,
    metadata: { ...made.metadata, creationTimestamp: '2026-11-30T21:00:00Z' as unknown as Date },
  }
}

/** A pod of a recorder's job. */
function podOf(spec: RecordSpec, node: string, status: object, name = 'a'): StoredObject {
  const job = jobName(spec.name, node)
  const labels = { ...makeRecorderJob(spec, node).metadata?.labels, 'job-name': job }
  return {
    metadata: { name: `${job}-${name}`, namespace: spec.namespace, labels },
    spec: { containers: [{ name: 'recorder' }] },
    status,
  }
}
const running = (ready: boolean) => ({
  phase: 'Running',
  containerStatuses: [{ name: 'recorder', state: { running: {} }, ready, restartCount: 2 }],
})

test('a record is found with the state of each of its recorders', async () => {
  const { access, put } = await openStorePeer()
  const nodes = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5']
  for (const node of nodes) put('jobs', jobOf(recordSpec, node))
  put(
    'jobs',
    jobOf(recordSpec, 'node-6', {
      status: { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] },
    }),
  )
  put('pods', podOf(recordSpec, 'node-1', running(true)))
  put('pods', podOf(recordSpec, 'node-1', { phase: 'Failed' }, 'b'))
  put('pods', podOf(recordSpec, 'node-2', running(false)))
  put(
    'pods',
    podOf(recordSpec, 'node-3', {
      phase: 'Pending',
      conditions: [
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'Insufficient ephemeral-storage' },
      ],
    }),
  )
  put(
    'pods',
    podOf(recordSpec, 'node-4', {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'recorder',
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
          lastState: {
            terminated: {
              exitCode: 6,
              message: 'kcap: sharing\nkcap: error: cannot capture in "shop/a": there is no "nsenter"\nkcap:   hint: x',
            },
          },
        },
      ],
    }),
  )
  const record = await findRecord(access, 'orders-7f3a', undefined, signal)
  expect(record).toMatchObject({
    ...recordSpec.description,
    name: 'orders-7f3a',
    namespace: 'shop',
    owner: recordSpec.owner,
  })
  expect(record.recorders.map(({ node, state, pod }) => [node, state, pod !== undefined])).toEqual([
    ['node-1', 'recording', true],
    ['node-2', 'starting', true],
    ['node-3', 'Unschedulable: Insufficient ephemeral-storage', false],
    ['node-4', 'CrashLoopBackOff: cannot capture in "shop/a": there is no "nsenter"', false],
    ['node-5', 'no pod yet', false],
    ['node-6', 'DeadlineExceeded', false],
  ])
})

test('records of several namespaces are found apart, and jobs that kcap did not describe are left out', async () => {
  const { access, put } = await openStorePeer()
  put('jobs', jobOf(recordSpec, 'node-1'))
  put('jobs', jobOf({ ...recordSpec, namespace: 'staging' }, 'node-1'))
  put(
    'jobs',
    jobOf({ ...recordSpec, name: 'other', description: { ...recordSpec.description, targets: 1 as never } }, 'node-1'),
  )
  expect(
    (await findRecords(access, { namespace: undefined, signal })).map(({ namespace }) => namespace).toSorted(),
  ).toEqual(['shop', 'staging'])
  expect(await findRecords(access, { namespace: 'shop', signal })).toHaveLength(1)
  expect(await failureOf(findRecord(access, 'orders-7f3a', undefined, signal))).toMatchObject({
    code: 'usage',
    message: 'cannot choose the record "orders-7f3a": several namespaces have one of that name',
  })
})

test("an unknown name is 'record-not-found', with similar names", async () => {
  const { access, put } = await openStorePeer()
  put('jobs', jobOf(recordSpec, 'node-1'))
  const error = await failureOf(findRecord(access, 'orders-7f3b', undefined, signal))
  expect(error).toMatchObject({
    code: 'record-not-found',
    message: 'cannot find the record "orders-7f3b": the cluster has none of that name',
    hints: ['similar records: orders-7f3a', 'kcap record list -A'],
    exitCode: exitCodes.noSuchTarget,
  })
})
