import { Agent as HttpAgent, validateHeaderValue } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { readAuthProvider } from './auth-provider.ts'
import { findLoginFault } from './check-login.ts'
import type { PluginRun } from './credential-plugin.ts'
import { makeExecCluster } from './exec-cluster.ts'
import { headerText, makeImpersonationHeaders } from './impersonation.ts'
import type { ClusterEntry, UserEntry } from './kubeconfig-entries.ts'
import { chooseProxy, type Forwarding, type ProxyServer } from './proxy-server.ts'
import type { ServerAddress } from './server-address.ts'
import {
  brokenLogin,
  findCertificateEnd,
  type KubeconfigPlace,
  makeTlsOptions,
  readNamedFile,
  readTlsMaterial,
  type TlsMaterial,
} from './tls-material.ts'

/** Cluster and user of a context. */
export interface LoginEntries {
  readonly place: KubeconfigPlace
  readonly cluster: ClusterEntry
  readonly server: ServerAddress
  readonly user: UserEntry
  readonly environment: NodeJS.ProcessEnv
}

/** Connection to an API server, and proof of who the caller is. */
export interface Login {
  readonly agent: HttpAgent
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly forwarding: Forwarding | undefined
  /** Expiry of the login; undefined when nothing says that it expires. */
  readonly expiresMs: number | undefined
  /** End of the client certificate; undefined without one. */
  readonly certificateEndMs: number | undefined
}

interface Credentials {
  readonly authorization?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  readonly expiresMs?: number | undefined
}

/**
 * Logs in as client-go does. An `http://` server gets no token, password, certificate or plugin credential, and no plugin runs for it.
 * @throws {KcapError} kubeconfig-broken, kubeconfig-unreadable, auth-provider-failed, credential-plugin-* — when there is no login
 */
export async function logIn(entries: LoginEntries, run: PluginRun): Promise<Login> {
  const { place, cluster, user, server } = entries
  const fault = findLoginFault(cluster, user, server)
  if (fault !== undefined) throw brokenLogin(place, fault)
  const isSecure = server.url.protocol === 'https:'
  // An http:// server does not use them; they are read only to refuse what kubectl refuses.
  const material = readTlsMaterial(place, cluster, user)
  const credentials: Credentials = isSecure ? await findCredentials(entries, material, run) : {}
  const { authorization, certificate, key, expiresMs } = credentials
  const headers = {
    ...makeImpersonationHeaders(user),
    ...(authorization !== undefined && { Authorization: headerText(authorization) }),
  }
  for (const [name, value] of Object.entries(headers)) checkHeader(place, name, value)
  const shown = certificate === undefined ? material : { ...material, certificate, key }
  const certificateEndMs = shown.certificate && findCertificateEnd(shown.certificate)
  return { ...(await openWay(entries, shown)), headers, expiresMs, certificateEndMs: certificateEndMs || undefined }
}

async function findCredentials(entries: LoginEntries, material: TlsMaterial, run: PluginRun): Promise<Credentials> {
  const { place, cluster, server, user } = entries
  // kubectl refuses an unknown provider, whatever other credentials there are.
  const provide = user['auth-provider'] && readAuthProvider(place.context, user['auth-provider'])
  if (server.userInfo !== undefined) return { authorization: basic(server.userInfo) }
  const token = readToken(place, user)
  if (token !== undefined) {
    if (user.username) throw brokenLogin(place, 'its user has both a token and a user name')
    return { authorization: `Bearer ${token}` }
  }
  if (user.username) return { authorization: basic(`${user.username}:${user.password ?? ''}`) }
  if (provide !== undefined) {
    const { token, expiresMs } = provide()
    return { authorization: `Bearer ${token}`, expiresMs }
  }
  if (material.certificate !== undefined || user.exec === undefined) return {}
  const info = user.exec.provideClusterInfo ? makeExecCluster(cluster, material.authorities) : undefined
  // Loaded on demand, with what starts programs: most logins need none.
  const { runCredentialPlugin } = await import('./credential-plugin.ts')
  const credential = await runCredentialPlugin(user.exec, info, run)
  return {
    authorization: credential.token ? `Bearer ${credential.token}` : undefined,
    ...(credential.clientCertificateData && {
      certificate: credential.clientCertificateData,
      key: credential.clientKeyData,
    }),
    expiresMs: Date.parse(credential.expirationTimestamp ?? '') || undefined,
  }
}

/** Reads a token file at each login, because a mounted token rotates; falls back to the kubeconfig's token. */
function readToken(place: KubeconfigPlace, { token, tokenFile }: UserEntry): string | undefined {
  if (!tokenFile) return token || undefined
  try {
    const fileToken = readNamedFile(place, tokenFile).toString('utf8').trim()
    if (fileToken !== '') return fileToken
  } catch (error) {
    if (!token) throw error
  }
  if (!token) throw brokenLogin(place, `the token file "${tokenFile}" of its user is empty`)
  return token
}

function basic(words: string): string {
  return `Basic ${Buffer.from(words, 'utf8').toString('base64')}`
}

function checkHeader(place: KubeconfigPlace, name: string, value: string | readonly string[]): void {
  try {
    for (const one of [value].flat()) validateHeaderValue(name, one)
  } catch {
    const what = name === 'Authorization' ? 'the login of its user' : `"${name}" of its user`
    throw brokenLogin(place, `${what} holds a character that no header may hold`)
  }
}

async function openWay(entries: LoginEntries, shown: TlsMaterial): Promise<Pick<Login, 'agent' | 'forwarding'>> {
  const { place, cluster, server, environment } = entries
  const isSecure = server.url.protocol === 'https:'
  const proxy = findProxy(place, server.url, cluster['proxy-url'], environment)
  if (proxy === undefined && !isSecure) return { agent: new HttpAgent({ keepAlive: true }), forwarding: undefined }
  const serverTls = isSecure ? makeTlsOptions(place, cluster, shown) : {}
  if (proxy === undefined) return { agent: new HttpsAgent({ keepAlive: true, ...serverTls }), forwarding: undefined }
  // Loaded on demand: few people have a proxy.
  const { openProxyRoute } = await import('./proxy-agent.ts')
  // As in Go, a proxy is trusted like the server, but does not get the client's certificate.
  const proxyTrust: TlsMaterial = isSecure ? { authorities: shown.authorities } : {}
  const proxyTls = proxy.scheme === 'https' ? makeTlsOptions(place, isSecure ? cluster : {}, proxyTrust) : {}
  return openProxyRoute({ proxy, isSecure, serverTls, proxyTls })
}

function findProxy(
  place: KubeconfigPlace,
  server: URL,
  proxyUrl: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined {
  try {
    return chooseProxy(server, proxyUrl, environment)
  } catch (error) {
    throw brokenLogin(place, (error as Error).message)
  }
}
