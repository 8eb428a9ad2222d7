import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Certificates } from './certificates.ts'

/** Identity and credentials that an API server sees, whatever the request. */
export interface SeenRequest {
  readonly scheme: 'http' | 'https'
  /** Path before `/api/v1/…`. */
  readonly prefix: string
  readonly authorization?: string | undefined
  /** `Impersonate-*` headers in order of their names, as they came. */
  readonly impersonation: readonly string[]
  readonly clientCertificate?: string | undefined
  readonly serverName?: string | undefined
}

export interface ApiServers {
  readonly httpsPort: number
  /** Port of a server whose certificate has no alternative names, only a common name. */
  readonly namelessPort: number
  readonly httpPort: number
  /** Distinct, in order of their text. Forgets them. */
  take(): SeenRequest[]
  close(): void
}

/** API servers with a pod, which answer everybody who asks and record how. */
export async function openApiServers(certificates: Certificates): Promise<ApiServers> {
  const { root, intermediate, server, nameless } = certificates
  const seen = new Set<string>()
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://server')
    const [, prefix = '', path = ''] = /^(.*?)(\/(?:apis?|openapi|version)(?:\/.*)?)?$/.exec(url.pathname) ?? []
    seen.add(JSON.stringify(describe(request, prefix)))
    const body = answers[path.replace(/\/$/, '')]
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }))
  }
  const tls = { ca: root.certificate, requestCert: true, rejectUnauthorized: false }
  const withChain = (identity: typeof server) => ({
    key: identity.key,
    cert: `${identity.certificate}\n${intermediate.certificate}`,
  })
  const servers = [
    createHttpsServer({ ...tls, ...withChain(server) }, answer),
    createHttpsServer({ ...tls, ...withChain(nameless) }, answer),
    createHttpServer(answer),
  ] as const
  const [httpsPort, namelessPort, httpPort] = await Promise.all(servers.map((one) => listen(one)))
  return {
    httpsPort: httpsPort ?? 0,
    namelessPort: namelessPort ?? 0,
    httpPort: httpPort ?? 0,
    take() {
      const taken = [...seen].sort().map((text) => JSON.parse(text) as SeenRequest)
      seen.clear()
      return taken
    },
    close() {
      for (const one of servers) {
        one.closeAllConnections()
        one.close()
      }
    },
  }
}

export async function listen(server: Server, address = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  return (server.address() as AddressInfo).port
}

function describe({ headers, rawHeaders, socket }: IncomingMessage, prefix: string): Partial<SeenRequest> {
  const impersonation = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && /^impersonate-/i.test(name) ? [`${name.toLowerCase()}: ${rawHeaders[index + 1]}`] : [],
  )
  const { encrypted, servername } = socket as TLSSocket & { servername?: string | false }
  return {
    scheme: encrypted ? 'https' : 'http',
    prefix,
    authorization: headers.authorization,
    impersonation: impersonation.sort(),
    clientCertificate: encrypted ? commonName(socket as TLSSocket) : undefined,
    serverName: servername || undefined,
  }
}

/** Returns the common name of the client's certificate, if any. */
export function commonName(socket: TLSSocket): string | undefined {
  const name = socket.getPeerCertificate()?.subject?.CN
  return name === undefined ? undefined : String(name)
}

const pod = {
  metadata: { name: 'pod', namespace: 'shop', uid: 'u' },
  spec: { containers: [{ name: 'app', image: 'i' }] },
  status: { phase: 'Running' },
}
/** Discovery as before 1.26, which kubectl falls back to, and one pod. */
const answers: Record<string, object> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'], shortNames: ['po'] },
    ],
  },
  '/api/v1/pods': { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [pod] },
}
