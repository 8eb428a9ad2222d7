import { isProxied } from './no-proxy.ts'

/** A proxy between kcap and an API server. */
export interface ProxyServer {
  readonly scheme: 'http' | 'https' | 'socks5'
  readonly host: string
  readonly port: number
  readonly login: { readonly username: string; readonly password: string } | undefined
  /** Setting that names the proxy: `proxy-url`, `HTTPS_PROXY`. */
  readonly source: string
}

/** Extras for requests that a proxy forwards, because both speak plain HTTP; such requests carry the whole URL. */
export interface Forwarding {
  readonly headers: Readonly<Record<string, string>>
  makeLoginError(): Error
}

/** Properties of a request that a proxy's agent needs in addition to the destination. */
export interface RequestRoute {
  readonly isForwarded?: boolean
  /** Ends the wait for the proxy: Node can abort a request only once it has a connection. */
  readonly connectSignal?: AbortSignal
}

const ports = { http: 80, https: 443, socks5: 1080 } as const

/** Returns the printable address of a proxy, without user name and password. */
export function labelProxy({ scheme, host, port }: ProxyServer): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * Returns the proxy for an API server: that of its kubeconfig entry, whatever NO_PROXY says, else that of the environment; undefined without one.
 * @throws {Error} — when the proxy can't be used; the message is a sentence without the text that names the proxy
 */
export function chooseProxy(
  server: URL,
  proxyUrl: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined {
  return proxyUrl ? parseProxyUrl(proxyUrl, 'proxy-url') : chooseByEnvironment(server, environment)
}

/** Parses a `proxy-url` (tools/clientcmd/helpers.go, parseProxyURL). */
function parseProxyUrl(text: string, source: string): ProxyServer {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? ''
  const parsed = parseProxy(text, source)
  if (parsed !== undefined) return parsed
  throw new Error(
    scheme === 'http' || scheme === 'https' || scheme === 'socks5'
      ? `its ${source} is not a URL`
      : `its ${source} has the unsupported scheme "${scheme}"; it must be http, https or socks5`,
  )
}

/** Chooses the proxy of the environment (golang.org/x/net/http/httpproxy, FromEnvironment and proxyForURL). */
function chooseByEnvironment(server: URL, environment: NodeJS.ProcessEnv): ProxyServer | undefined {
  const isSecure = server.protocol === 'https:'
  const found = findVariable(environment, isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (found === undefined) return undefined
  const [source, value] = found
  const isPlausible = /^[a-z][a-z0-9+.-]*:\/\/./i.test(value)
  // socks5h only states what socks5 does here anyway: the proxy looks names up.
  const proxy = parseProxy(isPlausible ? value.replace(/^socks5h:/i, 'socks5:') : `http://${value}`, source)
  // A value that is not a URL at all names no proxy.
  if (proxy === undefined && !isPlausible) return undefined
  if (!isSecure && environment.REQUEST_METHOD)
    throw new Error('HTTP_PROXY is not used where REQUEST_METHOD is set: the client of a CGI program could have set it')
  if (!isProxied(server, findVariable(environment, 'NO_PROXY')?.[1] ?? '')) return undefined
  if (proxy === undefined)
    throw new Error(`${source} names a proxy that is neither http, https nor socks5, or is not a URL`)
  return proxy
}

/** Returns a variable and its value. Upper case comes first; an empty variable counts as unset. */
function findVariable(environment: NodeJS.ProcessEnv, name: string): readonly [string, string] | undefined {
  for (const key of [name, name.toLowerCase()]) {
    const value = environment[key]
    if (value) return [key, value]
  }
  return undefined
}

/** Parses the URL of a proxy, as strictly as Go's net/url. */
function parseProxy(text: string, source: string): ProxyServer | undefined {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:[/?#].*)?$/i.exec(text)
  const [, rawScheme = '', userInfo, authority = ''] = parts ?? []
  const scheme = rawScheme.toLowerCase()
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'socks5') return undefined
  if (/[\s\0-\x20\x7f]/.test(text)) return undefined
  const login = userInfo === undefined ? undefined : parseLogin(userInfo)
  // WHATWG's rules for hosts apply only to the schemes that it knows.
  if (login === null || !URL.canParse(`http://${authority}`)) return undefined
  const url = new URL(`http://${authority}`)
  const port = /:(\d+)$/.exec(authority)?.[1]
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: port === undefined ? ports[scheme] : Number(port),
    login,
    source,
  }
}

/** Parses a user name and a password; returns null when they are invalid. */
function parseLogin(userInfo: string): ProxyServer['login'] | null {
  if (!/^(?:[\w\-.~!$&'()*+,;=:@]|%[0-9a-f]{2})*$/i.test(userInfo)) return null
  const colon = userInfo.indexOf(':')
  try {
    return {
      username: decodeURIComponent(colon < 0 ? userInfo : userInfo.slice(0, colon)),
      password: colon < 0 ? '' : decodeURIComponent(userInfo.slice(colon + 1)),
    }
  } catch {
    return null
  }
}
