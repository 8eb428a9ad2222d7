import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { openEphemeralContainer } from '../../src/kube/ephemeral-container.ts'
import { defaultSettings } from '../../src/settings/settings.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const ending = new AbortController()
const clusters = makeClusterPool({ signal: ending.signal, timeoutMs: 5_000, interactive: false })
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})
afterAll(() => {
  clusters.close()
  ending.abort()
})

interface Sent {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly contentType: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: what kcap sends is looked into freely
  readonly body: any
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

interface KnownPod {
  readonly spec: { readonly ephemeralContainers?: readonly { readonly name: string }[] }
}

/** An API server that keeps what it is sent. All debug containers of its pod run, those it is sent too. */
async function startServer(pod: KnownPod | undefined) {
  const sent: Sent[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const text = await read(request)
    const { method, url, headers } = request
    const body = text === '' ? undefined : JSON.parse(text)
    sent.push({ method, url, contentType: headers['content-type'], body })
    const added = sent.findLast((earlier) => earlier.method === 'PATCH')?.body.spec.ephemeralContainers ?? []
    const all = [...(pod?.spec.ephemeralContainers ?? []), ...added]
    const status = { ephemeralContainerStatuses: all.map(({ name }) => ({ name, state: { running: {} } })) }
    response.writeHead(pod === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(
        pod === undefined
          ? { kind: 'Status', code: 404 }
          : { ...pod, spec: { ...pod.spec, ephemeralContainers: all }, status },
      ),
    )
  }
  const server = createServer((request, response) => void answer(request, response))
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const file = path.join(await makeTempFolder(), 'kubeconfig')
  await writeFile(
    file,
    JSON.stringify({
      'current-context': 'here',
      clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
      users: [{ name: 'me', user: {} }],
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    }),
  )
  return { sent, access: await clusters.open({ kubeconfigPaths: [file] }) }
}

const options = {
  namespace: 'shop',
  pod: 'orders-0',
  debug: { ...defaultSettings('').debug, image: 'debug:1' },
  command: ['sh', '-c', 'keeper'],
  signal: ending.signal,
  log: () => {},
}

test('a debug container is added by a patch that says nothing of the rest of the pod', async () => {
  const { sent, access } = await startServer({ spec: {} })
  const name = await openEphemeralContainer(access, options)
  expect(name).toMatch(/^kcap-[0-9a-f]{8}$/)
  const changes = sent.filter(({ method }) => method !== 'GET')
  expect(changes).toEqual([
    {
      method: 'PATCH',
      url: '/api/v1/namespaces/shop/pods/orders-0/ephemeralcontainers',
      contentType: 'application/strategic-merge-patch+json',
      body: { spec: { ephemeralContainers: [expect.objectContaining({ name, image: 'debug:1' })] } },
    },
  ])
  // What the API takes of an ephemeral container, as far as kcap has use for it; ports, probes and resources it refuses.
  expect(Object.keys(changes[0]?.body.spec.ephemeralContainers[0]).sort()).toEqual([
    'command',
    'image',
    'name',
    'securityContext',
    'terminationMessagePolicy',
  ])
})

test('a pod that is gone is reported as gone, not as a cluster without ephemeral containers', async () => {
  const { sent, access } = await startServer(undefined)
  const failure = await failureOf(openEphemeralContainer(access, options))
  expect([failure.code, failure.message, failure.exitCode]).toEqual([
    'pod-not-found',
    'cannot capture "shop/orders-0": it has gone meanwhile',
    3,
  ])
  expect(sent.map(({ method }) => method)).toEqual(['GET'])
})

const debugContainer = (name: string, more: object = {}) => ({ name, image: 'debug:1', ...more })
const others = [
  debugContainer('kcap-other-image', { image: 'debug:2' }),
  debugContainer('kcap-privileged', { securityContext: { privileged: true } }),
  debugContainer('debugger-x'),
]

test('a debug container of another image, with other rights, or of somebody else is not taken', async () => {
  const { sent, access } = await startServer({ spec: { ephemeralContainers: others } })
  expect(await openEphemeralContainer(access, options)).toMatch(/^kcap-[0-9a-f]{8}$/)
  expect(sent.filter(({ method }) => method === 'PATCH').length).toBe(1)
})

test('one of kcap that still runs is', async () => {
  const own = debugContainer('kcap-0a1b2c3d')
  const { sent, access } = await startServer({ spec: { ephemeralContainers: [...others, own] } })
  expect(await openEphemeralContainer(access, options)).toBe('kcap-0a1b2c3d')
  expect(sent.map(({ method }) => method)).toEqual(['GET'])
})
