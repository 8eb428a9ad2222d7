import { expect, test } from 'vitest'
import { askRecords } from '../../src/listing/ask-records.ts'
import { openApiPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()
const podOf = (name: string, record: string | undefined, home = 'shop') => ({
  metadata: { name, namespace: home, labels: { 'kcap/record': record, 'kcap/record-namespace': home } },
})

/** A login that may list the pods of these namespaces; '' stands for all at once. */
async function openCluster(pods: Readonly<Record<string, readonly object[]>>) {
  return await openApiPeer((request, response) => {
    const [, namespace = ''] = /namespaces\/([^/]+)\/pods/.exec(request.url ?? '') ?? []
    const items = pods[namespace]
    response.writeHead(items === undefined ? 403 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(items === undefined ? { kind: 'Status' } : { kind: 'List', metadata: {}, items }))
  })
}

test('each record is listed once, whatever the number of its recorders', async () => {
  const pods = [podOf('a', 'orders-7f3a'), podOf('b', 'orders-7f3a'), podOf('c', 'web-0a1b'), podOf('d', undefined)]
  const { access, requests } = await openCluster({ '': pods })
  expect(await askRecords(access, [], signal)).toEqual([
    { namespace: 'shop', name: 'orders-7f3a' },
    { namespace: 'shop', name: 'web-0a1b' },
  ])
  expect(requests).toHaveLength(1)
})

test('a login that may not list all pods gets the records of its namespaces', async () => {
  const { access } = await openCluster({ shop: [podOf('a', 'orders-7f3a')], web: [podOf('b', 'web-0a1b', 'web')] })
  expect(await askRecords(access, ['web', 'secret'], signal)).toEqual([
    { namespace: 'shop', name: 'orders-7f3a' },
    { namespace: 'web', name: 'web-0a1b' },
  ])
})

test('a login that may list no pods gets none', async () => {
  const { access } = await openCluster({})
  expect(await askRecords(access, [], signal)).toEqual([])
})
