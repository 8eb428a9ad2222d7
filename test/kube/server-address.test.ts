import { expect, test } from 'vitest'
import { parseServerAddress } from '../../src/kube/server-address.ts'

test.each([
  ['https://api.shop:6443', 'https://api.shop:6443/'],
  ['HTTPS://api.shop/k8s/c-1?x=1#y', 'https://api.shop/k8s/c-1'],
  ['api.shop:8080', 'http://api.shop:8080/'],
  ['[::1]:6443', 'http://[::1]:6443/'],
])('the server %s is reached at %s', (server, url) => {
  expect(parseServerAddress(server)?.url.href).toBe(url)
})

test.each(['api.shop/k8s', 'ftp://api.shop', 'https://api shop', 'https://api.shop:99999', ''])(
  '"%s" is no address of an API server',
  (server) => {
    expect(parseServerAddress(server)).toBeUndefined()
  },
)

test('user name and password are taken out of the URL, decoded where that is possible', () => {
  const { url, userInfo } = parseServerAddress('https://ann:p%40ss%zz@api.shop') ?? {}
  expect([url?.href, userInfo]).toEqual(['https://api.shop/', 'ann:p%40ss%zz'])
  expect(parseServerAddress('https://ann%40corp:pw@api.shop')?.userInfo).toBe('ann@corp:pw')
})
