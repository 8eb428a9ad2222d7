import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/**
 * Reports whether a request goes through the proxy of the environment. NO_PROXY lists addresses, networks and domains without a proxy, all but
 * networks with an optional port; `*` is everything. Loopback never uses a proxy. golang.org/x/net/http/httpproxy, useProxy.
 */
export function isProxied(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '')
  const port = server.port || (server.protocol === 'http:' ? '80' : '443')
  if (host === 'localhost' || (isIP(host) !== 0 && isInNetwork(host, ['127.0.0.0/8', '::1/128']))) return false
  const entries = noProxy.split(',').map((entry) => entry.trim().toLowerCase())
  return !entries.some((entry) => entry !== '' && (entry === '*' || matches(entry, host, port)))
}

function matches(entry: string, host: string, port: string): boolean {
  if (/^[^/]+\/\d+$/.test(entry)) return isIP(host) !== 0 && isInNetwork(host, [entry])
  const [name, wantedPort] = isIP(entry) === 0 ? splitPort(entry) : [entry, '']
  if (name === '' || (wantedPort !== '' && wantedPort !== port)) return false
  if (isIP(name) !== 0) return isIP(host) !== 0 && isInNetwork(host, [`${name}/${isIP(name) === 4 ? 32 : 128}`])
  return isIP(host) === 0 && matchesDomain(name, host)
}

/** Reports whether a domain covers a host: `name` covers itself and its subdomains, `.name` and `*.name` only the subdomains. */
function matchesDomain(name: string, host: string): boolean {
  const suffix = name.replace(/^\*(?=\.)/, '')
  const ascii = (text: string) => domainToASCII(text) || text
  if (suffix.startsWith('.')) return host.endsWith(`.${ascii(suffix.slice(1))}`)
  return host === ascii(suffix) || host.endsWith(`.${ascii(suffix)}`)
}

/** Splits `HOST:PORT` and `[ADDRESS]:PORT`; everything else is a host. */
function splitPort(entry: string): readonly [string, string] {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(.*)$/.exec(entry) ?? []
  const host = bracketed ?? plain
  return host === undefined ? [entry, ''] : [host, port]
}

/** Reports whether a network contains an address. An invalid network contains nothing; families don't mix. */
function isInNetwork(address: string, networks: readonly string[]): boolean {
  const list = new BlockList()
  const wanted = unmap(address)
  for (const network of networks) {
    const [base = '', bits = ''] = network.split('/')
    // client-go accepts leading zeros, too.
    const plain = unmap(isIP(base) === 0 ? base.replace(/\b0+(?=\d)/g, '') : base)
    const prefix = Number(bits) - (isIP(base) === 6 && isIP(plain) === 4 ? 96 : 0)
    if (isIP(plain) === 0 || isIP(plain) !== isIP(wanted)) continue
    if (prefix >= 0 && prefix <= (isIP(plain) === 4 ? 32 : 128)) list.addSubnet(plain, prefix, familyOf(plain))
  }
  return list.check(wanted, familyOf(wanted))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

/** Returns the IPv4 address that is written as an IPv6 one; other addresses as they are. */
function unmap(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address
  const { hostname } = new URL(`http://[${address}]`)
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? []
  if (high === undefined || low === undefined) return address
  return [high, low].flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]).join('.')
}
