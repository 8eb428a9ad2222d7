import { base64 } from '../../support/certificates.ts'
import type { ParityRow } from './run-both.ts'
import { type Scene, token } from './scene.ts'

export function makeTrustRows(scene: Scene): Record<string, ParityRow> {
  const { https, http, ca, certificates, servers } = scene
  const cluster = (fields: object): ParityRow => ({ cluster: { server: https, ...fields }, user: token })
  const authority = (...texts: readonly string[]) => cluster({ 'certificate-authority-data': base64(texts.join('\n')) })
  const { root, intermediate, server, stranger } = certificates
  const insecure = { 'insecure-skip-tls-verify': true }
  return {
    'no authority': cluster({}),
    'no authority, and the root in SSL_CERT_FILE': {
      ...cluster({}),
      files: { ca: root.certificate },
      environment: { SSL_CERT_FILE: '@HOME@/ca' },
    },
    'no authority, and the root in a folder of SSL_CERT_DIR': {
      ...cluster({}),
      files: { 'certs/ca.crt': root.certificate, 'certs/other': 'x' },
      environment: { SSL_CERT_DIR: '/nonexistent:@HOME@/certs' },
    },
    'no authority, and a stranger in SSL_CERT_FILE': {
      ...cluster({}),
      files: { ca: stranger.certificate },
      environment: { SSL_CERT_FILE: '@HOME@/ca' },
    },
    'no authority, and the root in NODE_EXTRA_CA_CERTS': {
      ...cluster({}),
      files: { ca: root.certificate },
      environment: { NODE_EXTRA_CA_CERTS: '@HOME@/ca' },
    },
    'a stranger as the authority, and the root in SSL_CERT_FILE': {
      ...authority(stranger.certificate),
      files: { ca: root.certificate },
      environment: { SSL_CERT_FILE: '@HOME@/ca' },
    },
    'an https proxy of an http server, and the root in SSL_CERT_FILE': {
      cluster: { server: scene.namedHttp, 'proxy-url': scene.proxyUrl('https') },
      files: { ca: root.certificate },
      environment: { SSL_CERT_FILE: '@HOME@/ca' },
    },
    'the root as the authority': cluster(ca),
    'the intermediate as the authority': authority(intermediate.certificate),
    "the server's certificate as the authority": authority(server.certificate),
    'a stranger as the authority': authority(stranger.certificate),
    'a stranger and the root as authorities': authority(stranger.certificate, root.certificate),
    'an authority that is no certificate': authority('garbage'),
    'an authority that is not base64': cluster({ 'certificate-authority-data': '%%%' }),
    'an authority in a file': { ...cluster({ 'certificate-authority': 'ca' }), files: { ca: root.certificate } },
    'an authority in an empty file': { ...cluster({ 'certificate-authority': 'ca' }), files: { ca: '' } },
    'an authority in a file that is missing': cluster({ 'certificate-authority': 'nope' }),
    'an authority in a file that is missing, for an http server': {
      cluster: { server: http, 'certificate-authority': 'nope' },
    },
    'an authority in a file and in data': {
      ...cluster({ ...ca, 'certificate-authority': 'ca' }),
      files: { ca: root.certificate },
    },
    'no check of the certificate': cluster(insecure),
    'no check of the certificate, and an authority': cluster({ ...insecure, ...ca }),
    'no check of the certificate, and an authority, for an http server': {
      cluster: { server: http, ...insecure, ...ca },
    },
    'a certificate without alternative names': {
      cluster: { server: `https://127.0.0.1:${servers.namelessPort}`, 'tls-server-name': 'kubernetes', ...ca },
      user: token,
    },
    'another name for the certificate': cluster({ ...ca, 'tls-server-name': 'kubernetes' }),
    'an address for the certificate': cluster({ ...ca, 'tls-server-name': '192.0.2.77' }),
    'a name that the certificate has not': cluster({ ...ca, 'tls-server-name': 'wrong' }),
    'a server by its name': { cluster: { server: https.replace('127.0.0.1', 'localhost'), ...ca }, user: token },
    'a stranger as the authority, and NODE_TLS_REJECT_UNAUTHORIZED=0': {
      ...authority(stranger.certificate),
      environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    },
    'NODE_TLS_REJECT_UNAUTHORIZED=0': { ...cluster(ca), environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } },

    ...Object.fromEntries(
      [
        https.replace('https', 'HTTPS'),
        http.replace('http', 'HTTP'),
        `${https}/k8s/c`,
        `${https}/k8s/c/?q=1#f`,
        `${https}?q=1`,
        http.slice('http://'.length),
        `${http.slice('http://'.length)}/a/b`,
        http.slice('http:'.length),
        ` ${https}`,
        'https://bad host',
        'ftp://127.0.0.1:1',
      ].map((server) => [
        `the server "${server.replace(/:\d{4,5}/, ':PORT')}"`,
        { cluster: { server, ...(server.startsWith('http') ? ca : {}) }, user: token },
      ]),
    ),
  }
}
