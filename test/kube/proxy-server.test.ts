import { expect, test } from 'vitest'
import { chooseProxy, labelProxy } from '../../src/kube/proxy-server.ts'

const server = new URL('https://api.corp.example:6443')

test('a proxy-url is taken apart, and its password is no part of its label', () => {
  const proxy = chooseProxy(server, 'socks5://m%40e:p%3Aw@[2001:db8::1]:1081/path', {})
  expect(proxy).toEqual({
    scheme: 'socks5',
    host: '2001:db8::1',
    port: 1081,
    login: { username: 'm@e', password: 'p:w' },
    source: 'proxy-url',
  })
  expect(proxy && labelProxy(proxy)).toBe('socks5://[2001:db8::1]:1081')
})

test.each([
  ['http://proxy', 80],
  ['HTTPS://proxy', 443],
  ['socks5://proxy', 1080],
  ['http://proxy:443', 443],
])('the port of %s is %i', (url, port) => {
  expect(chooseProxy(server, url, {})?.port).toBe(port)
})

test.each([
  ['socks5h://me:secret@proxy', 'its proxy-url has the unsupported scheme "socks5h"; it must be http, https or socks5'],
  ['me:secret@proxy', 'its proxy-url has the unsupported scheme "me"; it must be http, https or socks5'],
  ['//me:secret@proxy', 'its proxy-url has the unsupported scheme ""; it must be http, https or socks5'],
  ['http://me:secret@bad host', 'its proxy-url is not a URL'],
  ['http://me:sec%zzret@proxy', 'its proxy-url is not a URL'],
  ['http://me:secret"@proxy', 'its proxy-url is not a URL'],
  ['http://me:secret@', 'its proxy-url is not a URL'],
  ['http://proxy:99999', 'its proxy-url is not a URL'],
])('the proxy-url "%s" is refused without its password', (url, message) => {
  expect(() => chooseProxy(server, url, {})).toThrow(new Error(message))
})

test.each([
  [{ HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' }, 'http://upper:80'],
  [{ HTTPS_PROXY: '', https_proxy: 'lower:3128' }, 'http://lower:3128'],
  [{ HTTPS_PROXY: 'socks5h://s' }, 'socks5://s:1080'],
  [{ HTTP_PROXY: 'http://plain', ALL_PROXY: 'http://all' }, undefined],
  [{ HTTPS_PROXY: 'http://upper', no_proxy: '.corp.example' }, undefined],
  [{ HTTPS_PROXY: 'http://upper', NO_PROXY: 'x', no_proxy: '*' }, 'http://upper:80'],
  [{ HTTPS_PROXY: '%%%' }, undefined],
  [{}, undefined],
])('the variables %j name the proxy %s', (environment, label) => {
  const proxy = chooseProxy(server, undefined, environment)
  expect(proxy === undefined ? undefined : labelProxy(proxy)).toBe(label)
})

test('HTTP_PROXY is for http servers, and not in a CGI program', () => {
  const http = new URL('http://api.corp.example')
  expect(chooseProxy(http, undefined, { HTTP_PROXY: 'p' })?.host).toBe('p')
  expect(() => chooseProxy(http, undefined, { HTTP_PROXY: 'p', REQUEST_METHOD: 'GET' })).toThrow(/REQUEST_METHOD/)
  expect(chooseProxy(server, undefined, { HTTPS_PROXY: 'p', REQUEST_METHOD: 'GET' })?.host).toBe('p')
})

test('a proxy of the environment with another scheme is refused without its password', () => {
  expect(() => chooseProxy(server, undefined, { HTTPS_PROXY: 'ftp://me:secret@p' })).toThrow(
    new Error('HTTPS_PROXY names a proxy that is neither http, https nor socks5, or is not a URL'),
  )
})
