import { base64 } from '../../support/certificates.ts'
import type { ParityRow } from './run-both.ts'
import { execUser, pluginScript, type Scene, token } from './scene.ts'

/** This machine, where the lab's node is its neighbour; nothing listens on the API servers' ports there. */
const ownAddress = '10.231.0.1'

export function makeProxyRows(scene: Scene): Record<string, ParityRow> {
  const { named, namedHttp, https, ca, certificates, servers, proxyUrl, clientCertificate } = scene
  const by = (url: string, fields: object = {}): ParityRow => ({
    cluster: { server: named, ...ca, 'proxy-url': url, ...fields },
    user: token,
  })
  const at = (server: string, url: string): ParityRow => ({ cluster: { server, ...ca, 'proxy-url': url }, user: token })
  const port = servers.httpsPort
  const socks = proxyUrl('socks5')
  const otherSchemes = ['socks5h', 'socks4', 'socks', 'ftp'].map((scheme) => socks.replace('socks5', scheme))
  const kinds = ['http', 'https', 'socks5'] as const
  return {
    ...Object.fromEntries(
      kinds.flatMap((kind) => [
        [`proxy-url ${kind}`, by(proxyUrl(kind))],
        [`proxy-url ${kind} with a password`, by(proxyUrl(kind, 'me:s%40cr%3Aet@'))],
        [`proxy-url ${kind} with a user name only`, by(proxyUrl(kind, 'me@'))],
        [`proxy-url ${kind} to an address`, at(`https://192.0.2.77:${port}`, proxyUrl(kind))],
        [`proxy-url ${kind} to loopback`, at(https, proxyUrl(kind))],
        [`proxy-url ${kind} to an IPv6 address`, at(`https://[::1]:${port}`, proxyUrl(kind))],
        [
          `proxy-url ${kind} and another name for the certificate`,
          by(proxyUrl(kind), { 'tls-server-name': 'kubernetes' }),
        ],
        [
          `proxy-url ${kind} to an http server`,
          { cluster: { server: namedHttp, 'proxy-url': proxyUrl(kind, 'me:x@') }, user: token },
        ],
        [
          `proxy-url ${kind} and no check of the certificate`,
          {
            cluster: { server: named, 'proxy-url': proxyUrl(kind), 'insecure-skip-tls-verify': true },
            user: token,
          },
        ],
        [
          `proxy-url ${kind} and a strange server`,
          by(proxyUrl(kind), { 'certificate-authority-data': base64(certificates.stranger.certificate) }),
        ],
      ]),
    ),
    'proxy-url https by a name': by(proxyUrl('https').replace('127.0.0.1', 'localhost')),
    'proxy-url https that asks for a client certificate': {
      cluster: { server: named, ...ca, 'proxy-url': proxyUrl('https') },
      user: clientCertificate,
      differs: {
        because: 'the certificate of the user is for the API server',
        kubectl: { succeeded: true, proxies: [`https CONNECT api.corp.example:${port} client=client`] },
        kcap: { succeeded: true, proxies: [`https CONNECT api.corp.example:${port}`] },
      },
    },
    'proxy-url http with a client certificate': {
      cluster: { server: named, ...ca, 'proxy-url': proxyUrl('http') },
      user: clientCertificate,
    },
    'proxy-url HTTP in capitals': by(proxyUrl('http').replace('http', 'HTTP')),
    'proxy-url with a path': by(`${proxyUrl('http')}/some/path?q`),
    'proxy-url that is empty': by(''),
    ...Object.fromEntries(
      [
        ...otherSchemes,
        proxyUrl('http').slice('http://'.length),
        'proxy.corp.example:3128',
        'http://me:secret@bad host',
        'http://me:sec%zzret@127.0.0.1:1',
      ].map((url) => [`proxy-url "${url.replace(/:\d{4,5}/, ':PORT')}"`, by(url)]),
    ),
    ...Object.fromEntries(
      (['dead', 'wantsPassword', 'refuses', 'garbage'] as const).map((kind) => [
        `proxy-url of a proxy that is ${kind}`,
        by(proxyUrl(kind, 'me:secret@')),
      ]),
    ),
    'proxy-url beside HTTPS_PROXY': {
      ...by(proxyUrl('http', 'url:x@')),
      environment: { HTTPS_PROXY: proxyUrl('http', 'env:x@') },
    },
    'proxy-url beside NO_PROXY=*': { ...by(proxyUrl('http')), environment: { NO_PROXY: '*' } },
    'proxy-url and a plugin that is told of the cluster': {
      ...by(proxyUrl('http', 'me:secret@')),
      user: execUser({ provideClusterInfo: true }),
      files: { 'plug.sh': pluginScript() },
    },
  }
}

export function makeVariableRows(scene: Scene): Record<string, ParityRow> {
  const { named, namedHttp, https, ca, proxyUrl, servers } = scene
  const proxy = proxyUrl('http')
  const within = (environment: Record<string, string>, server = named): ParityRow => ({
    cluster: { server, ...(server.startsWith('https') ? ca : {}) },
    user: token,
    environment,
  })
  const address = `https://${ownAddress}:${servers.httpsPort}`
  const forAddress: ParityRow = {
    cluster: { server: address, ...ca, 'tls-server-name': 'kubernetes' },
    user: token,
  }
  const port = String(servers.httpsPort)
  const noProxies = [
    ...[
      '*',
      'api.corp.example',
      'corp.example',
      '.corp.example',
      '*.corp.example',
      '.api.corp.example',
      'pi.corp.example',
    ],
    ...[
      'API.Corp.Example',
      ' other , corp.example ',
      'other',
      'example',
      '.',
      ',',
      `api.corp.example:${port}`,
      'api.corp.example:1',
    ],
    ...[
      'api.corp.example:',
      `:${port}`,
      `.corp.example:${port}`,
      'https://api.corp.example',
      '*corp.example',
      'a*.corp.example',
    ],
  ]
  const noProxyNets = [
    ...[
      '10.231.0.1',
      '10.231.0.2',
      '10.231.0.0/24',
      '10.0.0.0/8',
      '10.232.0.0/16',
      '10.231.0.1/33',
      '::/0',
      '.0.1',
      '0.1',
    ],
    ...[
      `10.231.0.1:${port}`,
      '10.231.0.1:1',
      '10.231.0.0/24:1',
      '::ffff:10.231.0.1',
      '[10.231.0.1]',
      'fe80::1',
      '010.231.0.0/16',
    ],
  ]
  const unsupported = 'it is no proxy that kcap knows; kubectl takes any other scheme for http'
  return {
    HTTPS_PROXY: within({ HTTPS_PROXY: proxy }),
    https_proxy: within({ https_proxy: proxy }),
    'HTTPS_PROXY and https_proxy': within({
      HTTPS_PROXY: proxyUrl('http', 'upper:x@'),
      https_proxy: proxyUrl('http', 'lower:x@'),
    }),
    'an empty HTTPS_PROXY and https_proxy': within({ HTTPS_PROXY: '', https_proxy: proxyUrl('http', 'lower:x@') }),
    'HTTP_PROXY for an https server': within({ HTTP_PROXY: proxy }),
    ALL_PROXY: within({ ALL_PROXY: proxy, all_proxy: proxy }),
    'HTTPS_PROXY without a scheme': within({ HTTPS_PROXY: proxy.slice('http://'.length) }),
    'HTTPS_PROXY without a scheme, with a password': within({
      HTTPS_PROXY: `me:secret@${proxy.slice('http://'.length)}`,
    }),
    'HTTPS_PROXY https': within({ HTTPS_PROXY: proxyUrl('https') }),
    'HTTPS_PROXY socks5': within({ HTTPS_PROXY: proxyUrl('socks5') }),
    'HTTPS_PROXY socks5h with a password': within({
      HTTPS_PROXY: proxyUrl('socks5', 'me:x@').replace('socks5', 'socks5h'),
    }),
    'HTTPS_PROXY ftp': {
      ...within({ HTTPS_PROXY: proxy.replace('http', 'ftp') }),
      differs: {
        because: unsupported,
        kubectl: { succeeded: true, proxies: [`http CONNECT api.corp.example:${port}`] },
        kcap: { succeeded: false, proxies: [], requests: [] },
      },
    },
    'HTTPS_PROXY that is no URL': within({ HTTPS_PROXY: 'http://me:secret@bad host:1' }),
    'HTTPS_PROXY that is nothing': within({ HTTPS_PROXY: '%%%' }),
    'HTTPS_PROXY of a proxy that is not there': within({ HTTPS_PROXY: proxyUrl('dead') }),
    'HTTPS_PROXY of a CGI program': within({ HTTPS_PROXY: proxy, REQUEST_METHOD: 'GET' }),
    'HTTP_PROXY for an http server': within({ HTTP_PROXY: proxyUrl('http', 'me:x@') }, namedHttp),
    'http_proxy socks5 for an http server': within({ http_proxy: proxyUrl('socks5') }, namedHttp),
    'HTTPS_PROXY for an http server': within({ HTTPS_PROXY: proxy }, namedHttp),
    'HTTP_PROXY of a CGI program': within({ HTTP_PROXY: proxy, REQUEST_METHOD: 'GET' }, namedHttp),
    'HTTPS_PROXY for loopback': within({ HTTPS_PROXY: proxyUrl('dead') }, https),
    'HTTPS_PROXY for localhost': within({ HTTPS_PROXY: proxyUrl('dead') }, https.replace('127.0.0.1', 'localhost')),
    'HTTPS_PROXY for an address': { ...forAddress, environment: { HTTPS_PROXY: proxy } },
    'NO_PROXY before no_proxy': within({ HTTPS_PROXY: proxy, NO_PROXY: 'other', no_proxy: '*' }),
    'an empty NO_PROXY and no_proxy': within({ HTTPS_PROXY: proxy, NO_PROXY: '', no_proxy: '*' }),
    ...Object.fromEntries(
      noProxies.map((list) => [
        `NO_PROXY "${list.replace(port, 'PORT')}"`,
        within({ HTTPS_PROXY: proxy, NO_PROXY: list }),
      ]),
    ),
    ...Object.fromEntries(
      noProxyNets.map((list) => [
        `NO_PROXY "${list.replace(port, 'PORT')}" for an address`,
        { ...forAddress, environment: { HTTPS_PROXY: proxy, NO_PROXY: list } },
      ]),
    ),
  }
}
