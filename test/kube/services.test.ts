import { describe, expect, test } from 'vitest'
import { getService, listServiceEndpoints } from '../../src/kube/services.ts'
import { openAnsweringPeer, openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'

const { signal } = new AbortController()
const slicesPath = (version: string) =>
  `GET /apis/discovery.k8s.io/${version}/namespaces/shop/endpointslices?limit=500&labelSelector=kubernetes.io%2Fservice-name%3Dweb`
const endpointsPath = 'GET /api/v1/namespaces/shop/endpoints/web'

const endpoint = (ip: string, name: string) => ({ addresses: [ip], targetRef: { kind: 'Pod', name } })

describe('listServiceEndpoints()', () => {
  test('asks for EndpointSlices as v1, as v1beta1 where there are no others, and then for Endpoints', async () => {
    const items = [{ endpoints: [endpoint('10.0.0.1', 'web-1')] }]
    const one = [{ namespace: 'shop', name: 'web-1' }]
    const modern = await openAnsweringPeer({ [slicesPath('v1')]: { items } })
    expect((await listServiceEndpoints(modern.access, 'shop', 'web', signal))?.pods).toEqual(one)
    expect(modern.requests).toEqual([slicesPath('v1')])

    const older = await openAnsweringPeer({ [slicesPath('v1beta1')]: { items } })
    expect((await listServiceEndpoints(older.access, 'shop', 'web', signal))?.pods).toEqual(one)
    expect(older.requests).toEqual([slicesPath('v1'), slicesPath('v1beta1')])

    const subsets = [{ addresses: [{ ip: '10.0.0.1', targetRef: { kind: 'Pod', name: 'web-1' } }] }]
    const oldest = await openAnsweringPeer({ [endpointsPath]: { subsets } })
    const found = await listServiceEndpoints(oldest.access, 'shop', 'web', signal)
    expect(found?.pods).toEqual(one)
    expect(found?.source).toMatchObject({
      path: '/api/v1/namespaces/shop/endpoints',
      fieldSelector: 'metadata.name=web',
    })
    expect(oldest.requests).toEqual([slicesPath('v1'), slicesPath('v1beta1'), endpointsPath])
  })

  test('asks for no older version where v1 has no slice of the service', async () => {
    const { access, requests } = await openAnsweringPeer({ [slicesPath('v1')]: { items: [] } })
    expect(await listServiceEndpoints(access, 'shop', 'web', signal)).toBeUndefined()
    expect(requests).toEqual([slicesPath('v1'), endpointsPath])
  })

  test('adds up the ports of an address that several slices have', async () => {
    const items = [
      { endpoints: [{ addresses: ['10.0.0.1', '10.0.0.2'] }], ports: [{ port: 80 }] },
      {
        endpoints: [{ addresses: ['10.0.0.1'] }],
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 80, protocol: 'TCP' },
        ],
      },
      { endpoints: null, ports: null },
    ]
    const { access } = await openAnsweringPeer({ [slicesPath('v1')]: { items } })
    const found = await listServiceEndpoints(access, 'shop', 'web', signal)
    expect([...(found?.addresses ?? [])].map(([address, { ports }]) => [address, ...ports])).toEqual([
      ['10.0.0.1', '80/TCP', '53/UDP'],
      ['10.0.0.2', '80/TCP'],
    ])
  })

  test.each([
    ['addresses', (count: number) => ({ endpoints: [{ addresses: [`10.0.0.${count}`, `${count}.example.com`] }] })],
    [
      'ports of one address',
      (count: number) => ({
        endpoints: [{ addresses: ['10.0.0.1'] }],
        ports: Array.from({ length: 100 }, (_, i) => ({
          port: ((count * 100 + i) % 65_535) + 1,
          protocol: `P${count}`,
        })),
      }),
    ],
  ])("refuses more %s than memory may keep as 'api-failed'", async (_, makeSlice) => {
    const { access } = await openApiPeer((_request, response) => {
      response.write('{"items":[')
      let count = 0
      const go = () => {
        while (!response.destroyed && response.write(`${JSON.stringify(makeSlice(count++))},`));
      }
      response.on('drain', go)
      go()
    })
    const error = await failureOf(listServiceEndpoints(access, 'shop', 'web', signal))
    expect([error.code, error.message]).toEqual([
      'api-failed',
      `cannot list endpointslices of "${access.server.host}": there are more than kcap takes`,
    ])
  })
})

test.each([
  [
    { selector: { app: 'web' }, clusterIP: '10.96.0.7' },
    { selector: 'app=web', isHeadless: false },
  ],
  [{ clusterIP: 'None' }, { isHeadless: true }],
  [
    { type: 'ExternalName', externalName: 'db.example.com', selector: { app: 'web' } },
    { externalName: 'db.example.com', isHeadless: false },
  ],
  [{ type: 'ExternalName' }, { externalName: '', isHeadless: false }],
])('getService() reads %j', async (spec, facts) => {
  const { access } = await openAnsweringPeer({ 'GET /api/v1/namespaces/shop/services/web': { spec } })
  expect(await getService(access, 'shop', 'web', signal)).toEqual({
    selector: undefined,
    externalName: undefined,
    ...facts,
  })
})
