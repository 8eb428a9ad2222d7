import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { generate } from 'selfsigned'
import { expect, test, vi } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { openExecChannel } from '../../src/kube/exec-channel.ts'
import { listPods } from '../../src/kube/kube-objects.ts'
import { openApiServers } from '../support/api-servers.ts'
import { base64, makeCertificates } from '../support/certificates.ts'
import { afterThisFile, afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

// What kubectl does with all of this is compared in test/real/kubeconfig-parity.test.ts.

const certificates = await makeCertificates()
const servers = await openApiServers(certificates)
afterThisFile.add(() => servers.close())
const file = path.join(await makeTempFolder(), 'kubeconfig')

const { signal } = new AbortController()
const trusting = (identity: 'root' | 'intermediate' | 'server' | 'stranger') => ({
  server: `https://127.0.0.1:${servers.httpsPort}`,
  'certificate-authority-data': base64(certificates[identity].certificate),
})

async function open(cluster: object, user: object) {
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster }],
    users: [{ name: 'u', user }],
  }
  await writeFile(file, JSON.stringify(config))
  const access = await openCluster({ kubeconfigPaths: [file], signal, timeoutMs: 5_000, interactive: false })
  afterThisTest.add(() => access.close())
  return access
}

async function list(cluster: object, user: object) {
  servers.take()
  await listPods(await open(cluster, user), { namespace: undefined, signal })
  return servers.take()
}

test('an http server gets no token, no password and no certificate, and no plugin is run for it', async () => {
  const plugin = path.join(path.dirname(file), 'plugin')
  await writeFile(plugin, `#!/bin/sh\ntouch ${plugin}-ran\n`)
  await chmod(plugin, 0o755)
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command: plugin }
  const server = { server: `http://me:secret@127.0.0.1:${servers.httpPort}` }
  const users = [{ token: 't' }, { tokenFile: file }, { username: 'u', password: 'p' }, { exec }]
  for (const user of users)
    expect(await list(server, user)).toEqual([{ scheme: 'http', prefix: '', impersonation: [] }])
  expect(existsSync(`${plugin}-ran`)).toBe(false)
})

test('the certificate is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says, for requests and for exec', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  const access = await open(trusting('stranger'), { token: 't' })
  // Taken away at the login; a connection does not depend on that.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  servers.take()
  const exec = { namespace: 'n', pod: 'p', container: 'c', argv: ['sh'], signal }
  const errors = [
    await failureOf(listPods(access, { namespace: undefined, signal })),
    await failureOf(openExecChannel(access, exec)),
  ]
  vi.unstubAllEnvs()
  expect(errors.map(({ code }) => code)).toEqual(['api-certificate', 'api-certificate'])
  expect(servers.take()).toEqual([])
})

test.each(['root', 'intermediate', 'server'] as const)('the %s among the authorities is enough', async (identity) => {
  expect(await list(trusting(identity), { token: 't' })).toMatchObject([{ authorization: 'Bearer t' }])
})

test('a certificate without alternative names is not trusted', async () => {
  const server = { ...trusting('root'), server: `https://127.0.0.1:${servers.namelessPort}` }
  const access = await open({ ...server, 'tls-server-name': 'kubernetes' }, { token: 't' })
  const error = await failureOf(listPods(access, { namespace: undefined, signal }))
  expect(error.message).toContain('its certificate has no alternative names, and its common name does not count')
})

const provider = (name: string, config = {}) => ({ 'auth-provider': { name, config } })

test("an auth-provider that kubectl has no more is 'auth-provider-failed' in kubectl's words, and its cmd-path is not run", async () => {
  const marker = `${file}-ran`
  const error = await failureOf(
    open(trusting('root'), provider('gcp', { 'cmd-path': '/usr/bin/touch', 'cmd-args': marker })),
  )
  expect([error.code, error.exitCode, error.message]).toEqual([
    'auth-provider-failed',
    4,
    'cannot log in to the context "c": The gcp auth plugin has been removed.',
  ])
  expect(error.hints).toEqual([
    'Please use the "gke-gcloud-auth-plugin" kubectl/client-go credential plugin instead.',
    'See https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details',
  ])
  expect(existsSync(marker)).toBe(false)
})

test("an unknown auth-provider is 'auth-provider-failed', and so is an id-token that has expired", async () => {
  const unknown = await failureOf(open(trusting('root'), provider('foo')))
  expect(unknown.message).toBe('cannot log in to the context "c": no Auth Provider found for name "foo"')
  expect(unknown.hints).toEqual(['kubectl config view --context c --minify'])
  const claims = Buffer.from('{"exp":1000}').toString('base64url')
  const config = { 'idp-issuer-url': 'https://i', 'client-id': 'c', 'id-token': `e30.${claims}.s` }
  const expired = await failureOf(open(trusting('root'), provider('oidc', config)))
  expect(expired.message).toBe('cannot log in to the context "c": its id-token has expired, and kcap renews none')
  expect(expired.hints).toEqual(['kubectl renews it where there is a refresh-token: kubectl --context c get pods'])
})

test("a user without credentials is 'kubeconfig-broken'", async () => {
  const error = await failureOf(open(trusting('root'), {}))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'kubeconfig-broken',
    4,
    'cannot use the context "c": it has no user with credentials',
  ])
  expect(error.hints).toEqual([`kubectl config view --kubeconfig ${file}`])
})

test('no password of a URL is in a message about it', async () => {
  const users = [{ token: 't' }, {}]
  const clusters = [
    { server: 'ftp://me:secret@host' },
    { server: 'https://me:secret@bad host' },
    { server: 'https://me:secret@127.0.0.1:1' },
    { ...trusting('root'), 'proxy-url': 'ftp://me:secret@host' },
    { ...trusting('root'), 'proxy-url': 'http://me:secret@127.0.0.1:1' },
  ]
  for (const cluster of clusters)
    for (const user of users) {
      const error = await failureOf(
        open(cluster, user).then(async (access) => await listPods(access, { namespace: undefined, signal })),
      )
      expect([error.message, ...error.hints].join('\n')).not.toContain('secret')
    }
})

test('a client certificate with the key of another is named as what is wrong', async () => {
  const user = {
    'client-certificate-data': base64(certificates.server.certificate),
    'client-key-data': base64(certificates.stranger.key),
  }
  expect((await failureOf(open(trusting('root'), user))).message).toBe(
    'cannot use the context "c": its client certificate and its client key do not belong together',
  )
})

test('a login that is refused with an expired client certificate says so, and not that a token may have expired', async () => {
  const made = await generate([{ name: 'commonName', value: 'ann' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date('2020-01-01T00:00:00Z'),
    notAfterDate: new Date('2021-02-03T00:00:00Z'),
  })
  const server = createServer({ key: certificates.server.key, cert: certificates.server.certificate }, (_, response) =>
    response.writeHead(401).end('{"kind":"Status","message":"Unauthorized"}'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterThisTest.add(() => void server.close())
  const { port } = server.address() as AddressInfo
  const access = await open(
    { ...trusting('server'), server: `https://127.0.0.1:${port}` },
    { 'client-certificate-data': base64(made.cert), 'client-key-data': base64(made.private) },
  )
  expect(await failureOf(listPods(access, { namespace: undefined, signal }))).toMatchObject({
    code: 'api-unauthorized',
    message: `cannot log in to "127.0.0.1:${port}": the client certificate of the kubeconfig has expired on 2021-02-03 (401)`,
  })
})
