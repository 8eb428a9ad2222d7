import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { openExecChannel } from '../../src/kube/exec-channel.ts'
import { getPod, listPods } from '../../src/kube/kube-objects.ts'
import { findContext, loadKubeconfig } from '../../src/kube/kubeconfig.ts'
import { openApiServers } from '../support/api-servers.ts'
import { base64, makeCertificates } from '../support/certificates.ts'
import { afterThisFile, afterThisTest } from '../support/cleanups.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { openProxies, type ProxyKind } from '../support/proxies.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const certificates = await makeCertificates()
const servers = await openApiServers(certificates)
const proxies = await openProxies(certificates)
afterThisFile.add(() => servers.close())
afterThisFile.add(() => proxies.close())
const demo = await openDemoFixture()
const folder = await makeTempFolder()

const { signal } = new AbortController()
const schemeOf = (kind: ProxyKind) => (kind === 'https' || kind === 'socks5' ? kind : 'http')
const urlOf = (kind: ProxyKind, login = '') => `${schemeOf(kind)}://${login}127.0.0.1:${proxies.ports[kind]}`

async function open(cluster: object, options: { signal?: AbortSignal; environment?: NodeJS.ProcessEnv } = {}) {
  const file = path.join(folder, 'kubeconfig')
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster }],
    users: [{ name: 'u', user: { token: 'tok' } }],
  }
  await writeFile(file, JSON.stringify(config))
  const access = await openCluster({
    kubeconfigPaths: [file],
    signal,
    timeoutMs: 5_000,
    interactive: false,
    environment: {},
    ...options,
  })
  afterThisTest.add(() => access.close())
  return access
}

const throughTo = (kind: ProxyKind, more: object = {}) => ({
  server: `https://api.corp.example:${servers.httpsPort}`,
  'certificate-authority-data': base64(certificates.root.certificate),
  'proxy-url': urlOf(kind, 'me:secret@'),
  ...more,
})

const bySetting = 'the proxy-url of the cluster in the kubeconfig names it'

describe.each(['http', 'https', 'socks5'] as const)('through a proxy %s', (kind) => {
  test('requests and an exec channel go, one after the other, through one connection', async () => {
    const config = loadKubeconfig({ paths: [await demo.kubeconfig()] })
    const { entry } = findContext(config, undefined)
    const cluster = config.clusters.get(entry.cluster ?? '')
    const user = config.users.get(entry.user ?? '')
    // The https proxy is trusted as the API server is; here they have different authorities.
    const trust = kind === 'https' ? { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true } : {}
    const access = await open({ ...cluster, ...trust, 'proxy-url': urlOf(kind) })
    proxies.take()
    const asUser = { ...access, agent: access.agent, headers: { Authorization: `Bearer ${user?.token}` } }
    const rows = await listPods(asUser, { namespace: 'prod', signal })
    const [{ name: pod } = { name: '' }] = rows
    const container = (await getPod(asUser, 'prod', pod, signal))?.spec?.containers[0]?.name ?? ''
    const argv = ['sh', '-c', 'exit 3']
    const exec = await openExecChannel(asUser, { namespace: 'prod', pod, container, argv, signal })
    exec.kill()
    await exec.exited
    expect(proxies.count()).toBe(1)
  })

  test('the certificate of a server by its address is compared with that address, not with a name of the proxy', async () => {
    const server = `https://192.0.2.78:${servers.httpsPort}`
    const byName = urlOf(kind).replace('127.0.0.1', 'localhost')
    const access = await open({ ...throughTo(kind), server, 'proxy-url': byName })
    const error = await failureOf(listPods(access, { namespace: undefined, signal }))
    expect([error.code, error.message]).toEqual([
      'api-certificate',
      `cannot trust the API server "192.0.2.78:${servers.httpsPort}": its certificate is for another name`,
    ])
  })

  test('an http server gets its requests from the proxy, without the login', async () => {
    const access = await open({ server: `http://api.corp.example:${servers.httpPort}`, 'proxy-url': urlOf(kind) })
    if (kind === 'https') {
      const error = await failureOf(listPods(access, { namespace: undefined, signal }))
      expect(error.message).toMatch(/^cannot pass the proxy "https:.*: its certificate is signed by nobody/)
      return
    }
    servers.take()
    expect(await listPods(access, { namespace: undefined, signal })).toHaveLength(1)
    expect(servers.take()).toEqual([{ scheme: 'http', prefix: '', impersonation: [] }])
  })
})

test.each([
  ['dead', 'proxy-unreachable', 'cannot reach the proxy "@": nothing listens there (connection refused)'],
  ['wantsPassword', 'proxy-login-refused', 'cannot pass the proxy "@": it does not accept the user name and password'],
  ['refuses', 'proxy-failed', 'cannot pass the proxy "@": it answered 403 Forbidden'],
  ['garbage', 'proxy-failed', 'cannot pass the proxy "@": its answer is not HTTP'],
  ['endless', 'proxy-failed', 'cannot pass the proxy "@": the headers of its answer do not end'],
] as const)("a proxy that is %s is '%s', without its password", async (kind, code, message) => {
  const access = await open(throughTo(kind))
  const error = await failureOf(listPods(access, { namespace: undefined, signal }))
  expect([error.code, error.exitCode, error.message]).toEqual([code, 4, message.replace('@', urlOf(kind))])
  expect(error.hints).toEqual([bySetting])
  expect(JSON.stringify([error.message, error.hints, String(error.cause)])).not.toContain('secret')
})

test('a proxy that wants a password and gets none says where it goes', async () => {
  const access = await open(throughTo('wantsPassword', { 'proxy-url': urlOf('wantsPassword') }))
  const error = await failureOf(listPods(access, { namespace: undefined, signal }))
  expect([error.code, error.message]).toEqual([
    'proxy-login-refused',
    `cannot pass the proxy "${urlOf('wantsPassword')}": it wants a user name and a password`,
  ])
  expect(error.hints).toEqual([bySetting, 'its user name and password go into the URL: http://USER:PASSWORD@HOST:PORT'])
})

test('a proxy of the environment is named with its variable', async () => {
  const { 'proxy-url': _, ...cluster } = throughTo('dead')
  const access = await open(cluster, { environment: { https_proxy: urlOf('dead', 'me:secret@') } })
  const error = await failureOf(listPods(access, { namespace: undefined, signal }))
  expect(error.message).toContain(`cannot reach the proxy "${urlOf('dead')}"`)
  expect(error.hints).toEqual([
    'the variable https_proxy names it; NO_PROXY lists the hosts that are reached without it',
  ])
})

test('a proxy that forwards requests and wants a password is named, not the API server', async () => {
  const server = `http://api.corp.example:${servers.httpPort}`
  const access = await open({ server, 'proxy-url': urlOf('wantsPassword') })
  const error = await failureOf(listPods(access, { namespace: undefined, signal }))
  expect([error.code, error.exitCode]).toEqual(['proxy-login-refused', 4])
})

test('a SOCKS proxy that is none is said to be none', async () => {
  const notSocks = `socks5://127.0.0.1:${proxies.ports.garbage}`
  const access = await open(throughTo('socks5', { 'proxy-url': notSocks }))
  const error = await failureOf(listPods(access, { namespace: undefined, signal }))
  expect([error.code, error.message]).toEqual([
    'proxy-failed',
    `cannot pass the proxy "${notSocks}": it does not answer as a SOCKS 5 proxy`,
  ])
})

test('a proxy that never answers fails after ten seconds, for requests and for exec', async () => {
  const message = `cannot reach the proxy "${urlOf('silent')}": it does not answer within 10 s`
  const access = await open(throughTo('silent'))
  const exec = { namespace: 'n', pod: 'p', container: 'c', argv: ['sh'], signal }
  const startedMs = Date.now()
  const errors = await Promise.all([
    failureOf(listPods(access, { namespace: undefined, signal })),
    failureOf(openExecChannel(access, exec)),
  ])
  expect(errors.map((error) => [error.code, error.message])).toEqual([
    ['proxy-unreachable', message],
    ['proxy-unreachable', message],
  ])
  expect(Date.now() - startedMs).toBeLessThan(12_000)
})

test('what waits for a proxy ends at once when it is aborted, and its connection with it', async () => {
  const access = await open(throughTo('silent'))
  const stop = new AbortController()
  const reason = new Error('stopped by SIGINT')
  const exec = { namespace: 'n', pod: 'p', container: 'c', argv: ['sh'], signal: stop.signal }
  const waiting = [listPods(access, { namespace: undefined, signal: stop.signal }), openExecChannel(access, exec)]
  await expect.poll(() => proxies.open('silent')).toBe(2)
  const startedMs = Date.now()
  stop.abort(reason)
  expect(await Promise.all(waiting.map((one) => one.catch((error: unknown) => error)))).toEqual([reason, reason])
  expect(Date.now() - startedMs).toBeLessThan(500)
  await expect.poll(() => proxies.open('silent')).toBe(0)
})

test('closing a cluster ends what waits for its proxy', async () => {
  const access = await open(throughTo('silent'))
  const waiting = failureOf(listPods(access, { namespace: undefined, signal }))
  await expect.poll(() => proxies.open('silent')).toBe(1)
  access.close()
  expect((await waiting).code).toBe('api-unreachable')
  await expect.poll(() => proxies.open('silent')).toBe(0)
})
