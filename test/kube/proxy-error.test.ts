import { expect, test } from 'vitest'
import { describeProxyAnswer, proxyFailed, proxyLoginRefused, proxyUnreachable } from '../../src/kube/proxy-error.ts'
import type { ProxyServer } from '../../src/kube/proxy-server.ts'

const login = { username: 'ann', password: 'secret' }
const proxy: ProxyServer = { scheme: 'http', host: 'proxy', port: 3128, login, source: 'HTTPS_PROXY' }

test('an error of a proxy names it without its login, and the setting that names it', () => {
  const error = proxyUnreachable(proxy, 'nothing listens there')
  expect([error.code, error.message, error.hints]).toEqual([
    'proxy-unreachable',
    'cannot reach the proxy "http://proxy:3128": nothing listens there',
    ['the variable HTTPS_PROXY names it; NO_PROXY lists the hosts that are reached without it'],
  ])
  expect(proxyFailed({ ...proxy, source: 'proxy-url' }, 'it answered 502').hints).toEqual([
    'the proxy-url of the cluster in the kubeconfig names it',
  ])
})

test('a proxy that refuses the login differs from one that wants a login, which gets a hint where to put it', () => {
  expect(proxyLoginRefused(proxy).message).toMatch(/: it does not accept the user name and password$/)
  const wanted = proxyLoginRefused({ ...proxy, login: undefined })
  expect(wanted.message).toMatch(/: it wants a user name and a password$/)
  expect(wanted.hints.at(-1)).toBe('its user name and password go into the URL: http://USER:PASSWORD@HOST:PORT')
})

test('the answer of a proxy is shown short, and without characters that move a cursor', () => {
  expect(describeProxyAnswer(502, 'Bad\u001b[2J Gateway')).not.toContain('\u001b')
  expect(describeProxyAnswer(502, 'x'.repeat(100))).toBe(`it answered 502 ${'x'.repeat(60)}`)
  expect(describeProxyAnswer(undefined, undefined)).toBe('it answered')
})
