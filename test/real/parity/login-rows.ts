import type { LoginOutcome, ParityRow } from './run-both.ts'
import { execUser, idToken, pluginScript, type Scene, token } from './scene.ts'

const files = { 'plug.sh': pluginScript(), token: 'file-token\n', empty: ' \n', 'two-lines': 'a\nb' }
const valid = { 'idp-issuer-url': 'https://127.0.0.1:1', 'client-id': 'c', 'id-token': idToken({ exp: 4_000_000_000 }) }
const anonymous = { scheme: 'http', prefix: '', impersonation: [] } as const

/** Every subset of the authentication methods, for a server with TLS and for one without. */
export function makeCredentialRows(scene: Scene): Record<string, ParityRow> {
  const ways: Record<string, object> = {
    token,
    tokenFile: { tokenFile: 'token' },
    password: { username: 'u', password: 'p' },
    certificate: scene.clientCertificate,
    plugin: execUser(),
    oidc: { 'auth-provider': { name: 'oidc', config: valid } },
  }
  const names = Object.keys(ways)
  const subsets = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_, i) => (bits & (1 << i)) !== 0),
  )
  return Object.fromEntries(
    subsets.flatMap((subset) => {
      const user = Object.assign({}, ...subset.map((name) => ways[name])) as object
      const what = subset.join(' + ') || 'no credentials'
      return [
        [`https: ${what}`, { cluster: { server: scene.https, ...scene.ca }, user, files }],
        [`http: ${what}`, { cluster: { server: scene.http }, user, files }],
      ] as [string, ParityRow][]
    }),
  )
}

export function makeLoginRows(scene: Scene): Record<string, ParityRow> {
  const { https, http, ca, clientCertificate } = scene
  const user = (fields: object): ParityRow => ({ cluster: { server: https, ...ca }, user: fields, files })
  const provider = (name: string, config: object | null = {}, more: object = {}) =>
    user({ 'auth-provider': { name, config }, ...more })
  const withUserInfo = (url: string) => url.replace('://', '://me:s%40cret@')
  const seen = (fields: object): Partial<LoginOutcome> => ({ succeeded: true, requests: [{ ...anonymous, ...fields }] })
  return {
    'a token file that is missing': user({ tokenFile: 'nope' }),
    'a token file that is missing, beside a token': user({ tokenFile: 'nope', ...token }),
    'an empty token file': user({ tokenFile: 'empty' }),
    'an empty token file beside a token': user({ tokenFile: 'empty', ...token }),
    'a token file of two lines': user({ tokenFile: 'two-lines' }),
    'a missing token file for an http server': { cluster: { server: http }, user: { tokenFile: 'nope' } },
    'a token with a blank at its end': user({ token: 'tok ' }),
    'a token with a line break': user({ token: 'tok\n' }),
    'a token that is not ASCII': user({ token: 'tök€n' }),
    'a password that is not ASCII': user({ username: 'ü', password: 'pä:ß' }),
    'a user name without a password': user({ username: 'u' }),
    'a password without a user name': user({ password: 'p' }),
    'a certificate without its key': user({
      'client-certificate-data': (clientCertificate as Record<string, string>)['client-certificate-data'],
    }),
    'a key without its certificate': user({ ...token, 'client-key-data': 'AAAA' }),
    'a certificate file that is missing': user({ 'client-certificate': 'nope', 'client-key': 'nope' }),
    'a certificate that is none': user({ 'client-certificate-data': 'AAAA', 'client-key-data': 'AAAA' }),
    'a certificate in a file and in data': user({ ...clientCertificate, 'client-certificate': 'token' }),
    'a password in the URL of an https server': { cluster: { server: withUserInfo(https), ...ca }, user: token },
    'a password in the URL of an https server, and no other': { cluster: { server: withUserInfo(https), ...ca } },
    'a password in the URL of an http server': {
      cluster: { server: withUserInfo(http) },
      differs: {
        because: 'a password in clear text could be read on the way',
        kubectl: seen({ authorization: `Basic ${Buffer.from('me:s@cret').toString('base64')}` }),
        kcap: seen({}),
      },
    },
    'a context without a user': { cluster: { server: https, ...ca }, context: { user: undefined } },
    'a context of an http server without a user': { cluster: { server: http }, context: { user: '' } },
    'a context whose user is missing': { cluster: { server: https, ...ca }, context: { user: 'nobody' } },

    'as another user, with uid, groups and extra': user({
      ...token,
      as: 'jane',
      'as-uid': '42',
      'as-groups': ['devs', 'ops', ''],
      'as-user-extra': { scopes: ['view', 'edit'], 'Acme.com/Pröject x%y': ['a b'], Key: ['1'], key: ['2'], none: [] },
    }),
    'as a user whose name is not ASCII': user({ ...token, as: 'jäne' }),
    'as a user whose name holds a line break': user({ ...token, as: 'jane\nX: y' }),
    'as another user, by an http server': {
      cluster: { server: http },
      user: { ...token, as: 'jane', 'as-groups': ['a'] },
    },
    'as another user, by a plugin': user({ ...execUser(), as: 'jane' }),
    'as groups without a user': user({ ...token, 'as-groups': ['devs'] }),
    'as a uid without a user': user({ ...token, 'as-uid': '1' }),
    'as extra without a user': user({ ...token, 'as-user-extra': { a: ['b'] } }),
    ...Object.fromEntries(
      [
        ['--as', 'ann'],
        ['--as=ann', '--as-uid=7', '--as-group', 'ops', '--as-group=devs'],
        ['--as-group', 'ops'],
        ['--as-uid', '7'],
        ['--as', 'jäne'],
        ['--as=ann', '--as-group=a,b'],
      ].flatMap((flags) => [
        [flags.join(' '), { ...user(token), flags }],
        [
          `${flags.join(' ')}, by a user who is another already`,
          {
            ...user({ ...token, as: 'jane', 'as-uid': '42', 'as-groups': ['x'], 'as-user-extra': { a: ['b'] } }),
            flags,
          },
        ],
      ]),
    ),
    'as groups that are no list': user({ ...token, as: 'jane', 'as-groups': 'devs' }),
    'as a user that is a number': user({ ...token, as: 5 }),

    ...Object.fromEntries(
      ['gcp', 'azure', 'openstack', 'foo', ''].map((name) => [`auth-provider "${name}"`, provider(name)]),
    ),
    'auth-provider gcp with a command': provider('gcp', {
      'cmd-path': '@HOME@/plug.sh',
      'token-key': '{.status.token}',
    }),
    'auth-provider gcp with an access token': provider('gcp', { 'access-token': 'a', expiry: '2099-01-01T00:00:00Z' }),
    'auth-provider gcp beside a token': provider('gcp', {}, token),
    'auth-provider gcp beside a certificate': provider('gcp', null, clientCertificate),
    'auth-provider gcp for an http server': { cluster: { server: http }, user: { 'auth-provider': { name: 'gcp' } } },
    'auth-provider oidc without an issuer': provider('oidc', { 'client-id': 'c' }),
    'auth-provider oidc without a client': provider('oidc', { ...valid, 'client-id': '' }),
    'auth-provider oidc without a token': provider('oidc', { ...valid, 'id-token': '' }),
    'auth-provider oidc with a token that has expired': provider('oidc', {
      ...valid,
      'id-token': idToken({ exp: 1000 }),
    }),
    'auth-provider oidc with a token that never expires': provider('oidc', { ...valid, 'id-token': idToken({}) }),
    'auth-provider oidc with a token that is none': provider('oidc', { ...valid, 'id-token': 'abc' }),
  }
}
