import { randomBytes } from 'node:crypto'
import { makeServerCertificate } from '../tls/self-signed-certificate.ts'
import { makeAccessReview, readJsonSpec } from './api/access-review.ts'
import { allRights } from './api/authorize.ts'
import { makeDebugContainers } from './api/debug-containers.ts'
import { attachListeners, makeApiListeners } from './api-server.ts'
import { makeClusterState } from './cluster/cluster-state.ts'
import { resources } from './cluster/resources.ts'
import { formatDemoKubeconfig } from './demo-kubeconfig.ts'
import { makeExecHandlers } from './exec/exec-handlers.ts'
import { v5 } from './exec/exec-protocol.ts'
import { makeExecRegistry } from './exec/exec-registry.ts'
import { makeExecSockets } from './exec/serve-exec.ts'
import { makeHttpsServer } from './https-server.ts'

export interface DemoCluster {
  /** YAML with the context `kcap-demo` and the namespace `prod`. */
  readonly kubeconfig: string
  /** Drops all connections and ends all programs. */
  close(): Promise<void>
}

const defaults = { packetsPerSecond: 25, silenceTimeoutMs: 20_000, graceMs: 5000, bookmarkIntervalMs: 60_000 } as const

/** Starts a small Kubernetes 1.34 on loopback, whose pods have traffic worth looking at. */
export async function startDemoCluster(options: { packetsPerSecond?: number } = {}): Promise<DemoCluster> {
  const registry = makeExecRegistry()
  const { store, pods } = makeClusterState(registry.kill)
  const token = randomBytes(24).toString('base64url')
  const users = [{ name: 'kcap-demo', rights: allRights, token }]
  const protocols = [v5]
  const sockets = makeExecSockets(protocols)
  const { packetsPerSecond, silenceTimeoutMs, graceMs, bookmarkIntervalMs } = { ...defaults, ...options }

  const handlers = [makeAccessReview(readJsonSpec), makeDebugContainers(pods)]
  const api = { store, resources, handlers, bookmarkIntervalMs }
  const exec = {
    pods,
    users,
    registry,
    sockets,
    protocols,
    verbs: ['get'],
    handlers: makeExecHandlers(pods),
    packetsPerSecond,
    seed: 'kcap',
    silenceTimeoutMs,
    graceMs,
  }
  const certificate = makeServerCertificate()
  const { server, listen, stop } = makeHttpsServer(certificate)
  attachListeners(server, makeApiListeners(users, api, exec))
  const url = `https://127.0.0.1:${await listen(0)}`
  return {
    kubeconfig: formatDemoKubeconfig({ url, certificateAuthorityPem: certificate.certificate, token }),
    async close() {
      registry.kill()
      for (const client of sockets.clients) client.terminate()
      await stop()
      await registry.settled()
    },
  }
}
