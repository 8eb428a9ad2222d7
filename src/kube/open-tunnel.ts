import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { SocksClient } from 'socks'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import { explainConnectFailure } from './connect-failure.ts'
import { describeProxyAnswer, proxyFailed, proxyLoginRefused, proxyUnreachable } from './proxy-error.ts'
import type { ProxyServer } from './proxy-server.ts'

// Tested by test/kube/proxy-agent.test.ts.

/** Destination of a tunnel. */
export interface TunnelTarget {
  readonly host: string
  readonly port: number
}

/** Time limit of the proxy's answer: shorter than that of a request, so that the error names the proxy and not the API server. */
const answerTimeoutMs = 10_000

/**
 * Connects to a proxy, over TLS if it is an https one. The caller ends the connection. Rejects with the signal's reason when aborted.
 * @throws {KcapError} proxy-unreachable — when there is no connection
 * @throws {KcapError} proxy-failed — when the proxy can't be trusted
 */
export async function connectToProxy(proxy: ProxyServer, tls: ConnectionOptions, signal: AbortSignal): Promise<Socket> {
  return await withinTime(proxy, signal, async (limit) => await connect(proxy, tls, limit))
}

/**
 * Opens a connection through a proxy, which looks up the name of the target. Rejects with the signal's reason when aborted.
 * @throws {KcapError} proxy-unreachable — when there is no connection to the proxy
 * @throws {KcapError} proxy-login-refused — when the proxy refuses the login
 * @throws {KcapError} proxy-failed — when the proxy does not connect to the target
 */
export async function openTunnel(
  proxy: ProxyServer,
  tls: ConnectionOptions,
  target: TunnelTarget,
  signal: AbortSignal,
): Promise<Socket> {
  const ask = proxy.scheme === 'socks5' ? askSocks : askConnect
  return await withinTime(proxy, signal, async (limit) => {
    const socket = await connect(proxy, tls, limit)
    return await settle(socket, limit, async () => await ask(proxy, socket, target))
  })
}

async function connect(proxy: ProxyServer, tls: ConnectionOptions, limit: AbortSignal): Promise<Socket> {
  const { host, port, scheme } = proxy
  const servername = tls.servername ?? (isIP(host) === 0 ? host : '')
  const isTls = scheme === 'https'
  const socket = isTls
    ? connectTls({ ...tls, host, port, servername, ALPNProtocols: ['http/1.1'] })
    : connectTcp({ host, port, noDelay: true })
  return await settle(socket, limit, async () => {
    await once(socket, isTls ? 'secureConnect' : 'connect')
  })
}

/** Asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6). Node's parser limits the headers of the answer. */
async function askConnect(proxy: ProxyServer, socket: Socket, { host, port }: TunnelTarget): Promise<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const request = httpRequest({
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, 'User-Agent': 'kcap', ...makeProxyHeaders(proxy) },
    createConnection: () => socket,
  })
  request.end()
  const [answer, , head] = (await once(request, 'connect')) as [IncomingMessage, Socket, Buffer]
  if (answer.statusCode === 407) throw proxyLoginRefused(proxy)
  if (answer.statusCode !== 200) throw proxyFailed(proxy, describeProxyAnswer(answer.statusCode, answer.statusMessage))
  if (head.length > 0) socket.unshift(head)
}

/** Asks a SOCKS proxy for a tunnel (RFC 1928). */
async function askSocks(proxy: ProxyServer, socket: Socket, { host, port }: TunnelTarget): Promise<void> {
  try {
    await SocksClient.createConnection({
      command: 'connect',
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(proxy.login && { userId: proxy.login.username, password: proxy.login.password }),
      },
      destination: { host, port },
      existing_socket: socket,
      timeout: answerTimeoutMs,
    })
  } catch (error) {
    const { message } = error as Error
    if (/authentication/i.test(message)) throw proxyLoginRefused(proxy)
    const [, reason = 'undefined'] = /rejected connection - (\w+)/.exec(message) ?? []
    const state = reason === 'undefined' ? 'it does not answer as a SOCKS 5 proxy' : `it refuses: ${reason}`
    // The library's error contains the password.
    throw proxyFailed(proxy, state, new Error(message))
  }
}

/** Makes the headers for the proxy, which every request carries. */
export function makeProxyHeaders({ login }: ProxyServer): Record<string, string> {
  if (login === undefined) return {}
  const words = Buffer.from(`${login.username}:${login.password}`).toString('base64')
  return { 'Proxy-Authorization': `Basic ${words}` }
}

async function withinTime(
  proxy: ProxyServer,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<Socket>,
): Promise<Socket> {
  signal.throwIfAborted()
  const timeout = AbortSignal.timeout(answerTimeoutMs)
  const { signal: limit, unlink } = linkSignals(signal, timeout)
  try {
    return await work(limit)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof KcapError) throw error
    if (timeout.aborted) throw proxyUnreachable(proxy, `it does not answer within ${answerTimeoutMs / 1000} s`)
    throw explain(proxy, error as NodeJS.ErrnoException)
  } finally {
    unlink()
  }
}

/** Waits for work on a socket; destroys the socket when the work fails or is aborted. */
async function settle(socket: Socket, limit: AbortSignal, work: () => Promise<void>): Promise<Socket> {
  const abort = () => socket.destroy(limit.reason as Error)
  limit.addEventListener('abort', abort, { once: true })
  // Until the next owner of the socket listens.
  socket.on('error', ignore)
  try {
    await work()
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    limit.removeEventListener('abort', abort)
  }
}

function ignore(): void {}

function explain(proxy: ProxyServer, error: NodeJS.ErrnoException): KcapError {
  const { code = '' } = error
  if (code === 'HPE_HEADER_OVERFLOW') return proxyFailed(proxy, 'the headers of its answer do not end', error)
  if (code.startsWith('HPE_')) return proxyFailed(proxy, 'its answer is not HTTP', error)
  const { kind, state } = explainConnectFailure(error)
  return kind === 'connection' ? proxyUnreachable(proxy, state, error) : proxyFailed(proxy, state, error)
}
