import { randomBytes } from 'node:crypto'
import { WebSocketServer } from 'ws'
import { allRights } from './api/authorize.ts'
import { startApiServer } from './api-server.ts'
import { makeServerCertificate } from './certificate.ts'
import { makeDemoKubelet } from './cluster/demo-kubelet.ts'
import { addDemoObjects } from './cluster/demo-objects.ts'
import { makeDemoPods } from './cluster/demo-pods.ts'
import { reconcileEndpoints } from './cluster/endpoints.ts'
import { makeObjectStore } from './cluster/object-store.ts'
import { formatDemoKubeconfig } from './demo-kubeconfig.ts'
import { makeExecRegistry } from './exec/exec-registry.ts'
import { makeMisbehaviourBook } from './misbehaviour.ts'

export interface DemoCluster {
  /** YAML with the context `kcap-demo` and the namespace `prod`. */
  readonly kubeconfig: string
  /** Drops all connections and ends all timers. */
  close(): Promise<void>
}

const defaultPacketsPerSecond = 25

/** Starts a small Kubernetes 1.34 on loopback, whose pods have traffic worth looking at. */
export async function startDemoCluster(options: { packetsPerSecond?: number } = {}): Promise<DemoCluster> {
  const store = makeObjectStore()
  const registry = makeExecRegistry()
  const pods = makeDemoPods(store, registry.kill)
  const kubelet = makeDemoKubelet({ pods, startDelayMs: 100, missingImages: [], onContainersKilled: registry.kill })
  addDemoObjects(store, pods.add, Date.now())
  for (const namespace of ['kube-system', 'prod', 'staging']) reconcileEndpoints(store, namespace)
  store.compact()

  const misbehaviour = makeMisbehaviourBook({})
  const token = randomBytes(24).toString('base64url')
  const users = [{ name: 'kcap-demo', rights: allRights, token }]
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    handleProtocols: () => 'v5.channel.k8s.io',
  })
  const certificate = makeServerCertificate()
  const server = await startApiServer({
    certificate,
    port: 0,
    writer: { store, pods, kubelet, hasEphemeralContainers: true },
    users,
    misbehaviour,
    bookmarkIntervalMs: 60_000,
    hasEndpointSlices: true,
    onRequest() {},
    exec: {
      pods,
      users,
      misbehaviour,
      registry,
      sockets,
      protocols: ['v5.channel.k8s.io'],
      execVerbs: ['get'],
      packetsPerSecond: options.packetsPerSecond ?? defaultPacketsPerSecond,
      seed: 'kcap',
      silenceTimeoutMs: 20_000,
      graceMs: 5000,
    },
  })
  return {
    kubeconfig: formatDemoKubeconfig({
      url: `https://127.0.0.1:${server.port}`,
      certificateAuthorityPem: certificate.certificate,
      token,
    }),
    async close() {
      registry.kill()
      for (const client of sockets.clients) client.terminate()
      await server.close()
      kubelet.close()
      await registry.settled()
    },
  }
}
