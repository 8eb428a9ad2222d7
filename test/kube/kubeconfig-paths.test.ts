import path from 'node:path'
import { expect, test } from 'vitest'
import { findKubeconfigPaths } from '../../src/kube/kubeconfig-paths.ts'

test('KUBECONFIG names the files in their order, and its empty entries name none', () => {
  const KUBECONFIG = ['', '/a', '', 'b'].join(path.delimiter)
  expect(findKubeconfigPaths({ KUBECONFIG, HOME: '/home/ann' })).toEqual(['/a', 'b'])
})

test.each([undefined, '', path.delimiter])('without a file in KUBECONFIG (%j) it is that of the home', (KUBECONFIG) => {
  expect(findKubeconfigPaths({ KUBECONFIG, HOME: '/home/ann' })).toEqual([path.join('/home/ann', '.kube', 'config')])
})
