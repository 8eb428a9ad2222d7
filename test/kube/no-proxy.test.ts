import { expect, test } from 'vitest'
import { isProxied } from '../../src/kube/no-proxy.ts'

/** By Go's golang.org/x/net/http/httpproxy; those that matter are run against kubectl, too (test/real/kubeconfig-parity.test.ts). */
test.each([
  ['https://api.corp.example', '', true],
  ['https://api.corp.example', '*', false],
  ['https://api.corp.example', 'other,*', false],
  ['https://api.corp.example', '*.corp.example', false],
  ['https://corp.example', '*.corp.example', true],
  ['https://corp.example', '.corp.example', true],
  ['https://corp.example', 'corp.example', false],
  ['https://acorp.example', 'corp.example', true],
  ['https://api.corp.example', ' CORP.example ', false],
  ['https://api.corp.example', 'api.corp.example:443', false],
  ['https://api.corp.example:6443', 'api.corp.example:443', true],
  ['https://api.corp.example:6443', '.corp.example:6443', false],
  ['http://api.corp.example', 'api.corp.example:80', false],
  ['https://api.bücher.example', 'bücher.example', false],
  ['https://10.1.2.3', '10.1.2.3', false],
  ['https://10.1.2.3:6443', '10.1.2.3:443', true],
  ['https://10.1.2.3:6443', '10.1.2.3:6443', false],
  ['https://10.1.2.3', '10.0.0.0/8', false],
  ['https://10.1.2.3', '10.2.0.0/16', true],
  ['https://10.1.2.3', '10.1.2.3/33', true],
  ['https://10.1.2.3', '::/0', true],
  ['https://10.1.2.3', '2.3', true],
  ['https://[2001:db8::1]', '2001:db8::/32', false],
  ['https://[2001:db8::1]:6443', '[2001:db8::1]:6443', false],
  ['https://[2001:db8::1]', '2001:db8::1', false],
  ['https://[::ffff:10.1.2.3]', '10.0.0.0/8', false],
  ['https://localhost:6443', '', false],
  ['https://127.9.9.9', '', false],
  ['https://[::1]', '', false],
])('%s with NO_PROXY %j goes through the proxy: %s', (server, noProxy, expected) => {
  expect(isProxied(new URL(server), noProxy)).toBe(expected)
})
