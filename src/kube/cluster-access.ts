import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
import { type PluginRun, runCredentialPlugin } from './credential-plugin.ts'
import { findContext, type Kubeconfig, loadKubeconfig } from './kubeconfig.ts'
import type { ClusterEntry, UserEntry } from './kubeconfig-entries.ts'

/** A cluster and a login to it, ready for requests. */
export interface ClusterAccess {
  readonly context: string
  /** The context's namespace; `default` when it names none. */
  readonly namespace: string
  readonly server: URL
  /** Keeps connections alive between requests and the exec channel; `close` ends them. */
  readonly agent: HttpAgent | HttpsAgent
  readonly headers: Readonly<Record<string, string>>
  /** Whether the login has run out, as far as its credential says. */
  hasExpired(): boolean
  /** Logs in again, for requests from now on: tokens last an hour, or a quarter of one. Throws the errors of the login. */
  renew(): Promise<void>
  close(): void
}

export interface OpenClusterOptions extends PluginRun {
  /** Where it has been read already. */
  readonly config?: Kubeconfig
  readonly kubeconfigPaths?: readonly string[] | undefined
  readonly context?: string | undefined
  readonly environment?: NodeJS.ProcessEnv
}

/** Finds the cluster in the kubeconfig and logs in. Throws the errors of the kubeconfig and of its credential plugin. */
export async function openCluster(options: OpenClusterOptions): Promise<ClusterAccess> {
  const paths = { paths: options.kubeconfigPaths, ...(options.environment && { environment: options.environment }) }
  const config = options.config ?? loadKubeconfig(paths)
  const { name: context, entry } = findContext(config, options.context)
  const cluster = config.clusters.get(entry.cluster ?? '')
  if (cluster?.server === undefined)
    throw brokenContext(config, context, `its cluster "${entry.cluster ?? ''}" is not there`)
  const user = config.users.get(entry.user ?? '') ?? {}
  if (entry.user !== undefined && entry.user !== '' && !config.users.has(entry.user)) {
    throw brokenContext(config, context, `its user "${entry.user}" is not there`)
  }
  const server = parseServer(config, context, cluster.server)
  const open = async () => await logIn(config, context, cluster, user, server, options)
  let login = await open()
  const agents = new Set([login.agent])
  return {
    context,
    namespace: entry.namespace || 'default',
    server,
    get agent() {
      return login.agent
    },
    get headers() {
      return login.headers
    },
    hasExpired: () => login.expiresMs !== undefined && login.expiresMs < Date.now() + expiryMarginMs,
    async renew() {
      login = await open()
      agents.add(login.agent)
    },
    close() {
      for (const agent of agents) agent.destroy()
    },
  }
}

/** A login that is about to run out would be refused on the way. */
const expiryMarginMs = 10_000

interface Login {
  readonly agent: HttpAgent | HttpsAgent
  readonly headers: Record<string, string>
  readonly expiresMs?: number | undefined
}

async function logIn(
  config: Kubeconfig,
  context: string,
  cluster: ClusterEntry,
  user: UserEntry,
  server: URL,
  run: PluginRun,
): Promise<Login> {
  if (cluster['proxy-url'] || user['auth-provider']) {
    // Proxies and old cloud logins come from client-node, which is slow to load and rarely needed.
    const { openWithClientNode } = await import('./client-node-login.ts')
    return await openWithClientNode({ context, cluster, user })
  }
  const headers: Record<string, string> = {}
  let expiresMs: number | undefined
  const tls: ConnectionOptions = {
    ca: readMaterial(config, cluster['certificate-authority'], cluster['certificate-authority-data']),
    cert: readMaterial(config, user['client-certificate'], user['client-certificate-data']),
    key: readMaterial(config, user['client-key'], user['client-key-data']),
  }
  if (cluster['insecure-skip-tls-verify']) tls.rejectUnauthorized = false
  if (cluster['tls-server-name']) tls.servername = cluster['tls-server-name']
  if (user.username)
    headers.Authorization = `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`
  if (user.as) headers['Impersonate-User'] = user.as
  // As client-go does: a token file is read again at each login, because a mounted token rotates; it beats the token.
  const token = user.tokenFile ? readMaterial(config, user.tokenFile, undefined)?.toString('utf8').trim() : user.token
  if (token) headers.Authorization = `Bearer ${token}`
  if (user.exec && !token) {
    const credential = await runCredentialPlugin(user.exec, cluster, run)
    if (credential.token) headers.Authorization = `Bearer ${credential.token}`
    if (credential.clientCertificateData) tls.cert = credential.clientCertificateData
    if (credential.clientKeyData) tls.key = credential.clientKeyData
    expiresMs = Date.parse(credential.expirationTimestamp ?? '') || undefined
  }
  const agent =
    server.protocol === 'http:' ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true, ...tls })
  return { agent, headers, expiresMs }
}

function readMaterial(config: Kubeconfig, file: string | undefined, data: string | undefined): Buffer | undefined {
  if (data) return Buffer.from(data, 'base64')
  if (!file) return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    throw new KcapError(
      'kubeconfig-unreadable',
      `cannot read the file "${file}" that the kubeconfig "${config.paths.join(':')}" names: ${(error as Error).message}`,
      {
        hints: [`ls -l ${quote(file)}`],
        cause: error,
      },
    )
  }
}

function parseServer(config: Kubeconfig, context: string, server: string): URL {
  const text = server.includes('://') ? server : `https://${server}`
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw brokenContext(config, context, `its server "${server}" is no address`)
  return url
}

function brokenContext(config: Kubeconfig, context: string, state: string): KcapError {
  return new KcapError('kubeconfig-broken', `cannot use the context "${context}": ${state}`, {
    hints: [`kubectl config view --kubeconfig ${quote(config.paths[0] ?? '')}`],
  })
}
