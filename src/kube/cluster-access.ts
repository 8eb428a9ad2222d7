import type { Agent } from 'node:http'
import { type Clock, monotonicClock } from '../base/clock.ts'
import type { WriteLog } from '../base/log.ts'
import type { ClusterName } from '../base/target.ts'
import { ignoreTrustSwitch } from '../host/child-environment.ts'
import type { PluginRun } from './credential-plugin.ts'
import { actAs } from './impersonation.ts'
import { findContext, type Kubeconfig, loadKubeconfig } from './kubeconfig.ts'
import { logIn } from './log-in.ts'
import type { Forwarding } from './proxy-server.ts'
import { parseServerAddress } from './server-address.ts'
import { brokenLogin } from './tls-material.ts'

// Tested by test/kube/log-in.test.ts.

/** A cluster and a login to it, ready for requests. */
export interface ClusterAccess {
  readonly context: string
  /** Namespace of the context; `default` when it names none. */
  readonly namespace: string
  readonly server: URL
  /** Agent that keeps connections alive between requests and the exec channel; `close` ends them. */
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string | string[]>>
  /** Set when a proxy forwards requests as they are; undefined when connections go to the API server or through a tunnel. */
  readonly forwarding?: Forwarding | undefined
  /** End of the client certificate; undefined without one. */
  readonly certificateEndMs?: number | undefined
  /** Reports whether the login has expired, as far as its credential says. */
  hasExpired(): boolean
  /**
   * Logs in again, for all later requests: tokens last an hour, or a quarter of one. Concurrent calls share one login. A login newer than `sinceMs`,
   * by the monotonic clock, is kept: it is not the one that was refused.
   * @throws {KcapError} kubeconfig-*, auth-provider-failed, credential-plugin-* — when the login fails
   */
  renew(sinceMs?: number): Promise<void>
  /** Logs requests, retries and plugins. */
  readonly log?: WriteLog | undefined
  close(): void
}

export interface OpenClusterOptions extends PluginRun, ClusterName {
  readonly log?: WriteLog | undefined
  readonly clock?: Clock | undefined
  /** Kubeconfig, if it has been read already. */
  readonly config?: Kubeconfig
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Finds the cluster in the kubeconfig and logs in.
 * @throws {KcapError} kubeconfig-* — when the kubeconfig is missing, unreadable or broken, or has no current context
 * @throws {KcapError} context-not-found — when it has no context of that name
 * @throws {KcapError} auth-provider-failed, credential-plugin-* — when the login fails
 */
export async function openCluster(options: OpenClusterOptions): Promise<ClusterAccess> {
  ignoreTrustSwitch()
  const { environment = process.env, clock = monotonicClock } = options
  const config = options.config ?? loadKubeconfig({ paths: options.kubeconfigPaths, environment })
  const { name: context, entry } = findContext(config, options.context)
  const place = { context, paths: config.paths }
  const cluster = config.clusters.get(entry.cluster ?? '')
  if (!cluster?.server) throw brokenLogin(place, `its cluster "${entry.cluster ?? ''}" is not there`)
  if (entry.user && !config.users.has(entry.user)) throw brokenLogin(place, `its user "${entry.user}" is not there`)
  const user = actAs(config.users.get(entry.user ?? '') ?? {}, options.actAs)
  const server = parseServerAddress(cluster.server)
  if (server === undefined) throw brokenLogin(place, `the server of its cluster "${entry.cluster}" is no address`)
  const open = async () => await logIn({ place, cluster, server, user, environment }, options)
  let login = await open()
  let renewedMs = Number.NEGATIVE_INFINITY
  let renewing: Promise<void> | undefined
  const renew = async () => {
    login = await open()
    agents.add(login.agent)
    renewedMs = clock.nowMs()
  }
  const agents = new Set([login.agent])
  return {
    context,
    namespace: entry.namespace || 'default',
    server: server.url,
    log: options.log,
    get agent() {
      return login.agent
    },
    get headers() {
      return login.headers
    },
    get forwarding() {
      return login.forwarding
    },
    get certificateEndMs() {
      return login.certificateEndMs
    },
    hasExpired: () => login.expiresMs !== undefined && login.expiresMs < Date.now() + expiryMarginMs,
    async renew(sinceMs = Number.POSITIVE_INFINITY) {
      if (renewedMs > sinceMs) return
      renewing ??= renew().finally(() => {
        renewing = undefined
      })
      await renewing
    },
    close() {
      for (const agent of agents) agent.destroy()
    },
  }
}

/** Margin before expiry: a login that is about to expire would be refused on arrival. */
const expiryMarginMs = 10_000
