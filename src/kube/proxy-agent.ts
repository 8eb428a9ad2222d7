import type { ClientRequest, Agent as HttpAgent } from 'node:http'
import type { Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { Agent, type AgentConnectOpts } from 'agent-base'
import { linkSignals } from '../base/link-signals.ts'
import { connectToProxy, makeProxyHeaders, openTunnel } from './open-tunnel.ts'
import { proxyLoginRefused } from './proxy-error.ts'
import type { Forwarding, ProxyServer, RequestRoute } from './proxy-server.ts'

export interface ProxyRoute {
  readonly proxy: ProxyServer
  /** Whether the API server itself speaks TLS. */
  readonly isSecure: boolean
  readonly serverTls: ConnectionOptions
  /** TLS options without a client certificate, which is not for the proxy. */
  readonly proxyTls: ConnectionOptions
}

/** Opens a connection pool to an API server through a proxy. */
export function openProxyRoute(route: ProxyRoute): { agent: HttpAgent; forwarding: Forwarding | undefined } {
  const { proxy, isSecure } = route
  const isForwarded = !isSecure && proxy.scheme !== 'socks5'
  return {
    agent: new ProxyAgent(route),
    forwarding: isForwarded
      ? { headers: makeProxyHeaders(proxy), makeLoginError: () => proxyLoginRefused(proxy) }
      : undefined,
  }
}

type RouteOptions = ConnectionOptions & RequestRoute

/** Sends forwarded requests to the proxy itself, all others through a tunnel. Keeps both kinds of connections for the next requests of their kind. */
class ProxyAgent extends Agent {
  readonly #route: ProxyRoute
  readonly #closing = new AbortController()

  constructor(route: ProxyRoute) {
    super({ keepAlive: true })
    this.#route = route
  }

  override async connect(_request: ClientRequest, options: AgentConnectOpts): Promise<Socket> {
    const { proxy, isSecure, proxyTls, serverTls } = this.#route
    const { host = '', port, servername, connectSignal, isForwarded } = options as RouteOptions
    const { signal, unlink } = linkSignals(
      this.#closing.signal,
      ...(connectSignal === undefined ? [] : [connectSignal]),
    )
    try {
      if (isForwarded) return await connectToProxy(proxy, proxyTls, signal)
      const tunnel = await openTunnel(proxy, proxyTls, { host, port: Number(port) }, signal)
      if (!isSecure) return tunnel
      // The certificate is checked against `host`; the socket exists already.
      return connectTls({ servername, ...serverTls, host, socket: tunnel })
    } finally {
      unlink()
    }
  }

  override isSecureEndpoint(): boolean {
    return this.#route.isSecure
  }

  override getName(options?: AgentConnectOpts): string {
    return `${super.getName(options)}${(options as RouteOptions | undefined)?.isForwarded ? ':forwarded' : ''}`
  }

  override destroy(): void {
    this.#closing.abort(new Error('the connection to the cluster was closed'))
    super.destroy()
  }
}
