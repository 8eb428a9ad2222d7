import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { parseTarget } from '../../src/target/parse-target.ts'
import { resolveTargets } from '../../src/target/resolve-targets.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const metadata = (name: string, more: object = {}) => ({ name, namespace: 'shop', uid: `uid-${name}`, ...more })
const makeJob = (name: string, cronJob?: string) => ({
  metadata: metadata(
    name,
    cronJob === undefined ? {} : { ownerReferences: [{ kind: 'CronJob', name: cronJob, controller: true }] },
  ),
})
const makePod = (name: string, job?: string, phase = 'Running') => ({
  metadata: metadata(name, job === undefined ? {} : { labels: { 'job-name': job } }),
  spec: { containers: [{ name: 'main', image: 'x' }] },
  status: {
    phase,
    containerStatuses: [{ name: 'main', containerID: `containerd://${name}`, state: { running: {} } }],
  },
})

const pods = [
  makePod('backup-29000000-aaaaa', 'backup-29000000'),
  makePod('backup-29000001-bbbbb', 'backup-29000001', 'Succeeded'),
  makePod('by-hand-ccccc', 'by-hand'),
  makePod('backup-db-29000000-ddddd', 'backup-db-29000000'),
  makePod('backup-1'),
]
const answers: Record<string, object> = {
  '/api/v1/namespaces/shop': { metadata: { name: 'shop' } },
  '/apis/batch/v1/namespaces/shop/cronjobs/backup': { metadata: metadata('backup') },
  '/apis/batch/v1/namespaces/shop/jobs': {
    items: [makeJob('by-hand', 'backup'), makeJob('backup-db-29000000', 'backup-db'), makeJob('other')],
  },
}

async function resolve(word: string): Promise<string[]> {
  const { port } = await openApiPeer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
    const isOfJob = searchParams.get('labelSelector') === 'job-name'
    const answer =
      pathname === '/api/v1/namespaces/shop/pods'
        ? { items: pods.filter((pod) => !isOfJob || 'labels' in pod.metadata) }
        : answers[pathname]
    response.statusCode = answer === undefined ? 404 : 200
    response.end(JSON.stringify(answer ?? { kind: 'Status', code: 404, reason: 'NotFound' }))
  })
  const file = path.join(await makeTempFolder(), 'kubeconfig')
  const config = {
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: 'x', context: { cluster: 'x', namespace: 'shop' } }],
  }
  await writeFile(file, JSON.stringify(config))
  const signal = AbortSignal.timeout(10_000)
  const clusters = makeClusterPool({ signal, timeoutMs: 5_000, interactive: false })
  try {
    const name = parseTarget(word, { cluster: { kubeconfigPaths: [file] }, ssh: { sudo: 'none' } })
    return (await resolveTargets([name], clusters, signal)).flatMap((one) => (one.kind === 'pod' ? [one.pod] : []))
  } finally {
    clusters.close()
  }
}

test.each(['cronjob/backup', 'cj/backup', 'cronjobs.batch/backup'])(
  '%s resolves to the running pods of the jobs that it has made, also of those started by hand',
  async (word) => {
    expect(await resolve(word)).toEqual(['backup-29000000-aaaaa', 'by-hand-ccccc'])
  },
)

test('resolveTargets rejects with pod-not-found and the kind when the cron job does not exist', async () => {
  const error = await failureOf(resolve('cronjob/none'))
  expect([error.code, error.message]).toEqual([
    'pod-not-found',
    'cannot capture "cronjob/none": the namespace "shop" has no such workload',
  ])
  expect(error.hints).toContain('kubectl get cronjob -n shop')
})
