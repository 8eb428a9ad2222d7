import { expect, test } from 'vitest'
import { makeExecCluster } from '../../src/kube/exec-cluster.ts'

test('a plugin gets only the values that the cluster has, and always a config', () => {
  expect(makeExecCluster({ server: 'https://api.shop:6443', 'insecure-skip-tls-verify': false }, undefined)).toEqual({
    server: 'https://api.shop:6443',
    config: null,
  })
})

test('a plugin gets the bytes of the authorities, whatever file they came from', () => {
  const cluster = { server: 'https://api.shop', 'certificate-authority': '/etc/ca.pem', 'tls-server-name': 'api' }
  expect(makeExecCluster(cluster, Buffer.from('CA'))).toEqual({
    server: 'https://api.shop',
    'tls-server-name': 'api',
    'certificate-authority-data': 'Q0E=',
    config: null,
  })
})

test('the last extension for plugins is their config', () => {
  const name = 'client.authentication.k8s.io/exec'
  const extensions = [
    { name, extension: { audience: 'old' } },
    { name, extension: { audience: 'new' } },
    { name: 'other', extension: 1 },
  ]
  expect(makeExecCluster({ server: 'https://api.shop', extensions }, undefined).config).toEqual({ audience: 'new' })
})

test('the query of an address with a path is left out', () => {
  const serverOf = (server: string) => makeExecCluster({ server }, undefined).server
  expect(serverOf('https://api.shop/k8s/c-1?x=1#y')).toBe('https://api.shop/k8s/c-1')
  expect(serverOf('https://api.shop?x=1')).toBe('https://api.shop?x=1')
})
