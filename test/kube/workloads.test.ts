import type { V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { findCronJobPods, getWorkloadSelector } from '../../src/kube/workloads.ts'
import { openAnsweringPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()

test('the pods of a workload are those of its selector', async () => {
  const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }
  const { access } = await openAnsweringPeer({
    'GET /apis/apps/v1/namespaces/shop/deployments/web': { spec: { selector } },
    'GET /apis/apps/v1/namespaces/shop/deployments/bare': { spec: {} },
  })
  expect(await getWorkloadSelector(access, 'deploy', 'shop', 'web', signal)).toBe('app=web,tier')
  expect(await getWorkloadSelector(access, 'deploy', 'shop', 'bare', signal)).toBe('')
  expect(await getWorkloadSelector(access, 'sts', 'shop', 'web', signal)).toBeUndefined()
})

test('the pods of a cron job are those of the jobs that it owns, and of jobs that it will create', async () => {
  const owned = { metadata: { name: 'manual', ownerReferences: [{ kind: 'CronJob', name: 'back.up' }] } }
  const { access } = await openAnsweringPeer({
    'GET /apis/batch/v1/namespaces/shop/cronjobs/back.up': { metadata: { name: 'back.up' } },
    'GET /apis/batch/v1/namespaces/shop/jobs?limit=500': { items: [owned, { metadata: { name: 'other' } }] },
  })
  const found = await findCronJobPods(access, 'shop', 'back.up', signal)
  const hasPodOf = (job: string) => found?.hasPod({ metadata: { labels: { 'job-name': job } } } as V1Pod)
  expect(found?.labelSelector).toBe('job-name')
  expect(['manual', 'back.up-28912345', 'other', 'backxup-28912345', 'back.up-x'].map(hasPodOf)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test('a cron job that does not exist has no pods to look for', async () => {
  const { access, requests } = await openAnsweringPeer({})
  expect(await findCronJobPods(access, 'shop', 'none', signal)).toBeUndefined()
  expect(requests.length).toBe(1)
})
