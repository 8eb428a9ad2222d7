import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ClusterAccess } from '../../src/kube/cluster-access.ts'
import { afterThisTest } from './cleanups.ts'

export interface ApiPeer {
  readonly access: ClusterAccess
  readonly port: number
  /** `GET /api/v1/pods` of each request, upgrades too. */
  readonly requests: readonly string[]
}

/** A login at whatever listens on a port of loopback, without TLS. */
export function makeAccess(port: number): ClusterAccess & { readonly agent: Agent } {
  return {
    context: 'peer',
    namespace: 'shop',
    server: new URL(`http://127.0.0.1:${port}`),
    agent: new Agent({ keepAlive: true }),
    headers: {},
    hasExpired: () => false,
    renew: async () => {},
    close: () => {},
  }
}

/** An API server that answers whatever a test wants, for this test. */
export async function openApiPeer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void = (_request, socket) => socket.destroy(),
): Promise<ApiPeer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.on('error', () => {})
    void answer(request, response)
  })
  const sockets = new Set<Duplex>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => {
    requests.push(`${request.method} ${request.url}`)
    upgrade(request, socket, head)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const access = makeAccess(port)
  afterThisTest.add(async () => {
    access.agent.destroy()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { access, port, requests }
}

/** An API server that has these answers, by `GET /api/v1/pods`, and 404 for the rest. */
export async function openAnsweringPeer(answers: Readonly<Record<string, unknown>>): Promise<ApiPeer> {
  return await openApiPeer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`]
    if (answer === undefined) response.writeHead(404).end('404 page not found\n')
    else response.end(JSON.stringify(answer))
  })
}
