import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { commonName, listen } from './api-servers.ts'
import type { Certificates } from './certificates.ts'

/** A request that a proxy received. */
export type SeenByProxy = string

export interface Proxies {
  /** Ports by what the proxy is. All of them know each name, as the API server of the port that is asked for. */
  readonly ports: Readonly<Record<ProxyKind, number>>
  /** Distinct, in order of their text. Forgets them. */
  take(): SeenByProxy[]
  /** Returns the number of requests to a proxy since then. */
  count(): number
  /** Connections that a proxy of the kind has open. */
  open(kind: ProxyKind): number
  close(): void
}

const kinds = ['http', 'https', 'socks5', 'wantsPassword', 'refuses', 'silent', 'endless', 'garbage', 'dead'] as const
export type ProxyKind = (typeof kinds)[number]

export async function openProxies(certificates: Certificates): Promise<Proxies> {
  const seen = new Set<string>()
  const sockets = new Map<Socket, ProxyKind | undefined>()
  let count = 0
  const see = (kind: string, ...words: readonly (string | undefined)[]) => {
    count += 1
    seen.add([kind, ...words.filter((word) => word)].join(' '))
  }
  const track = (socket: Socket, kind?: ProxyKind) => {
    sockets.set(socket, kind)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const forward = (client: Socket, port: number, head: Buffer | string) => {
    const target = connect(port, '127.0.0.1', () => {
      client.write(head)
      client.pipe(target).pipe(client)
    })
    track(target)
    target.on('close', () => client.destroy())
    client.on('close', () => target.destroy())
  }
  const secrets = ({ headers, socket }: IncomingMessage) => {
    const tls = socket as TLSSocket & { servername?: string | false }
    return [
      headers['proxy-authorization'] && `proxy-authorization=${headers['proxy-authorization']}`,
      headers.authorization && `authorization=${headers.authorization}`,
      tls.servername ? `sni=${tls.servername}` : '',
      tls.encrypted && commonName(tls) !== undefined ? `client=${commonName(tls)}` : '',
    ]
  }
  const passing = (kind: string, server: Server) => {
    server.on('connect', (request: IncomingMessage, client: Socket) => {
      see(kind, 'CONNECT', request.url, ...secrets(request))
      forward(client, Number(/:(\d+)$/.exec(request.url ?? '')?.[1]), 'HTTP/1.1 200 OK\r\n\r\n')
    })
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const url = new URL(request.url ?? '', 'http://none')
      see(kind, request.method, url.origin, ...secrets(request))
      const passed = httpRequest(
        { port: url.port, path: url.pathname + url.search, method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers)
          answer.pipe(response)
        },
      )
      passed.on('error', () => response.destroy())
      request.pipe(passed)
    })
    return server
  }
  const { server, intermediate, root } = certificates
  const saying = (text: string) => createServer((socket) => socket.once('data', () => socket.end(text)))
  const servers: Record<Exclude<ProxyKind, 'dead'>, Server> = {
    http: passing('http', createHttpServer()),
    https: passing(
      'https',
      createHttpsServer({
        key: server.key,
        cert: `${server.certificate}\n${intermediate.certificate}`,
        ca: root.certificate,
        requestCert: true,
        rejectUnauthorized: false,
      }),
    ),
    socks5: createServer((socket) => void serveSocks(socket, see, forward)),
    wantsPassword: saying(
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
    ),
    refuses: saying('HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nno way'),
    silent: createServer((socket) => void socket.resume()),
    endless: createServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const flood = () => {
        while (socket.writable && socket.write(`X-Header: ${'x'.repeat(10_000)}\r\n`)) {}
      }
      socket.on('drain', flood)
      flood()
    }),
    garbage: saying('\x05\x00 this is no proxy\r\n\r\n'),
  }
  const ports = {} as Record<ProxyKind, number>
  for (const [kind, one] of Object.entries(servers) as [ProxyKind, Server][]) {
    one.on('connection', (socket: Socket) => track(socket, kind))
    ports[kind] = await listen(one)
  }
  const dead = createServer()
  ports.dead = await listen(dead)
  await new Promise((resolve) => dead.close(resolve))
  return {
    ports,
    take() {
      const taken = [...seen].sort()
      seen.clear()
      count = 0
      return taken
    },
    count: () => count,
    open: (wanted) => [...sockets.values()].filter((kind) => kind === wanted).length,
    close() {
      for (const socket of sockets.keys()) socket.destroy()
      for (const one of Object.values(servers)) one.close()
    },
  }
}

/** RFC 1928, and RFC 1929 for those that have a password. */
async function serveSocks(
  socket: Socket,
  see: (kind: string, ...words: string[]) => void,
  forward: (client: Socket, port: number, head: Buffer) => void,
): Promise<void> {
  const read = makeReader(socket)
  try {
    const [, methodCount = 0] = await read(2)
    const methods = await read(methodCount)
    const wantsPassword = methods.includes(2)
    socket.write(Buffer.of(5, wantsPassword ? 2 : 0))
    let login = ''
    if (wantsPassword) {
      const text = async () => (await read((await read(1))[0] ?? 0)).toString()
      await read(1)
      login = `login=${await text()}:${await text()}`
      socket.write(Buffer.of(1, 0))
    }
    const [, , , type = 0] = await read(4)
    const name =
      type === 3 ? (await read((await read(1))[0] ?? 0)).toString() : [...(await read(type === 4 ? 16 : 4))].join('.')
    const port = (await read(2)).readUInt16BE()
    see('socks5', `type=${type}`, `${name}:${port}`, login)
    socket.removeAllListeners('readable')
    forward(socket, port, Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
  } catch {
    socket.destroy()
  }
}

function makeReader(socket: Socket): (length: number) => Promise<Buffer> {
  return async (length) => {
    if (length === 0) return Buffer.alloc(0)
    for (;;) {
      const bytes = socket.read(length) as Buffer | null
      if (bytes !== null) return bytes
      await new Promise<void>((resolve, reject) => {
        socket.once('readable', resolve)
        socket.once('close', () => reject(new Error('closed')))
      })
    }
  }
}
