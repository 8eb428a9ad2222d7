import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { makeAccessReview } from '../../src/demo/api/access-review.ts'
import { allRights, type User } from '../../src/demo/api/authorize.ts'
import { attachListeners, makeApiListeners } from '../../src/demo/api-server.ts'
import { makeClusterState } from '../../src/demo/cluster/cluster-state.ts'
import { reconcileEndpoints } from '../../src/demo/cluster/endpoints.ts'
import type { KubeObject, Pod } from '../../src/demo/cluster/kube-object.ts'
import type { PodSettings } from '../../src/demo/cluster/make-pod.ts'
import { makeService, type ServiceSettings } from '../../src/demo/cluster/make-service.ts'
import { formatDemoKubeconfig } from '../../src/demo/demo-kubeconfig.ts'
import { makeExecRegistry } from '../../src/demo/exec/exec-registry.ts'
import { makeExecSockets } from '../../src/demo/exec/serve-exec.ts'
import { makeHttpsServer } from '../../src/demo/https-server.ts'
import { makeServerCertificate } from '../../src/tls/self-signed-certificate.ts'
import { readReviewSpec } from './api/review-protobuf.ts'
import { reviewUser } from './api/review-user.ts'
import { servedResources } from './api/served-resources.ts'
import { makeKubelet } from './cluster/kubelet.ts'
import { mirrorEndpoints } from './cluster/mirror-endpoints.ts'
import { makePeerPods } from './cluster/peer-pods.ts'
import { makePeerExecHandlers, type ToolsName } from './exec/peer-exec-handlers.ts'
import { makePeerSockets } from './exec/peer-sockets.ts'
import { protocolsNamed } from './exec/protocols.ts'
import { answerSilently, misbehaveListeners } from './misbehaviour/misbehaving-listeners.ts'
import { type Misbehaviour, makeMisbehaviourBook } from './misbehaviour/misbehaviour.ts'
import { type PeerClusterOptions, peerDefaults } from './peer-cluster-options.ts'
import { makePodWrites } from './pods/write-pods.ts'

interface PeerPodSettings extends PodSettings {
  readonly tools?: ToolsName
}

export interface KubeconfigOptions {
  /** Default: the user who may do everything. */
  readonly user?: string
  readonly context?: string
  readonly namespace?: string
  readonly token?: string
  readonly server?: string
}

export interface PeerCluster {
  readonly url: string
  readonly port: number
  readonly certificateAuthorityPem: string
  /** Token of the user who may do everything. */
  readonly token: string
  tokenOf(user: string): string
  /** YAML with the context `kcap-demo` and the namespace `prod`. */
  kubeconfig(options?: KubeconfigOptions): string
  /** Replaces all settings for the cluster, or for one pod (`NAMESPACE/NAME`); `{}` behaves again. */
  misbehave(settings: Misbehaviour, pod?: string): Promise<void>

  addPod(settings: PeerPodSettings): Pod
  addPods(count: number, namespace?: string, prefix?: string): void
  removePod(pod: string): void
  /** Kills and restarts all containers except ephemeral ones: running execs end, container ids change. */
  restartPod(pod: string): void
  /** The main process of a container, ephemeral or not, ends for good, and with it its execs. Default exit code 0. */
  endContainer(pod: string, container: string, exitCode?: number): void
  updatePod(pod: string, change: (pod: Pod) => void): Pod
  addService(settings: ServiceSettings): void
  /** Adds or replaces an object of a service: Endpoints, or an EndpointSlice. */
  putObject(object: KubeObject): void
  /** Adds labels to a namespace: `{ 'pod-security.kubernetes.io/enforce': 'baseline' }`. */
  labelNamespace(name: string, labels: Record<string, string>): void
  /** Makes older resource versions and continue tokens expire (410). */
  compact(): void

  /** Every request so far, the oldest 10,000. */
  readonly requests: readonly { readonly method: string; readonly path: string }[]
  /** Programs that run in a pod, or in all. */
  openExecCount(pod?: string): number
  /** Without a close frame. */
  cutExecs(pod?: string): void
  /** Ends execs as when the kubelet goes away: with v5 the API server reports Success for the program; with v4 it cuts the connection. */
  dropExecs(pod?: string): void
  /** Stops sending and ignores everything that arrives, but keeps the connections. */
  stallExecs(pod?: string): void
  /** Drops all connections and ends all timers. */
  close(): Promise<void>
}

const adminName = 'kcap-demo'
const requestLogLength = 10_000
/** Starts a small Kubernetes 1.34 on loopback for tests: the demo cluster with a strict API, limited users, and peers that misbehave. */
export async function startPeerCluster(options: PeerClusterOptions = {}): Promise<PeerCluster> {
  const settings: Required<PeerClusterOptions> = { ...peerDefaults, ...options }
  const misbehaviour = makeMisbehaviourBook(settings.misbehaviour)
  const registry = makeExecRegistry()
  const state = makeClusterState(registry.kill)
  const { store } = state
  const pods = makePeerPods(state.pods, registry.kill)
  const kubelet = makeKubelet({ ...settings, pods, onContainersKilled: registry.kill })
  if (settings.extraPods > 0) pods.addMany(settings.extraPods)
  store.compact()

  const users: User[] = [{ name: adminName, rights: allRights }, ...settings.users].map((user) => ({
    ...user,
    token: randomBytes(24).toString('base64url'),
  }))
  const tokenOf = (name: string): string => {
    const user = users.find((known) => known.name === name)
    if (user === undefined) throw new Error(`the peer cluster has no user "${name}"`)
    return user.token
  }
  const protocols = protocolsNamed(settings.protocols)
  const sockets = makeExecSockets(protocols)
  const connections = makePeerSockets(misbehaviour)
  const listeners = makeApiListeners(
    users,
    {
      store,
      resources: servedResources(settings),
      handlers: [
        makeAccessReview(readReviewSpec),
        reviewUser,
        makePodWrites({ store, pods, kubelet, hasEphemeralContainers: settings.hasEphemeralContainers }),
      ],
      bookmarkIntervalMs: settings.bookmarkIntervalMs,
    },
    {
      pods,
      users,
      registry,
      sockets,
      protocols,
      verbs: settings.execVerbs,
      handlers: makePeerExecHandlers(pods, connections, misbehaviour, settings.imageTools),
      packetsPerSecond: settings.packetsPerSecond,
      seed: settings.seed,
      silenceTimeoutMs: settings.silenceTimeoutMs,
      graceMs: settings.graceMs,
    },
  )

  const requests: { method: string; path: string }[] = []
  const closed = new AbortController()
  const certificate = makeServerCertificate()
  const { server, listen, stop } = makeHttpsServer(certificate)
  server.on('request', logRequest(requests)).on('upgrade', logRequest(requests))
  attachListeners(server, misbehaveListeners(listeners, misbehaviour, closed.signal))
  answerSilently(server, () => misbehaviour.of(undefined).connections === 'silent')
  const port = await listen(settings.port)
  const followConnections = async () => {
    const isRefused = misbehaviour.of(undefined).connections === 'refused'
    if (isRefused) await stop()
    else if (!server.listening) await listen(port)
  }
  await followConnections()
  const url = `https://127.0.0.1:${port}`
  const putObject = (object: KubeObject) => {
    const { namespace = '' } = object.metadata
    store.put(object)
    reconcileEndpoints(store, namespace)
    mirrorEndpoints(store, namespace)
  }

  return {
    url,
    port,
    certificateAuthorityPem: certificate.certificate,
    token: tokenOf(adminName),
    tokenOf,
    kubeconfig: ({ user = adminName, token = tokenOf(user), server: serverUrl = url, ...names } = {}) =>
      formatDemoKubeconfig({ url: serverUrl, certificateAuthorityPem: certificate.certificate, token, ...names }),
    async misbehave(change, pod) {
      misbehaviour.set(change, pod)
      await followConnections()
    },
    addPod: pods.add,
    addPods: pods.addMany,
    removePod: pods.remove,
    restartPod: pods.restart,
    endContainer: (pod, container, exitCode = 0) => kubelet.endContainer(pod, container, exitCode),
    updatePod: pods.update,
    addService: (service) => putObject(makeService(service)),
    putObject,
    labelNamespace(name, labels) {
      const namespace = store.get('namespaces', undefined, name)
      if (namespace === undefined) throw new Error(`the peer cluster has no namespace "${name}"`)
      const { metadata } = namespace
      store.put({ ...namespace, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } })
    },
    compact: store.compact,
    requests,
    openExecCount: registry.count,
    cutExecs: connections.cut,
    dropExecs: connections.drop,
    stallExecs: connections.stall,
    async close() {
      closed.abort()
      registry.kill()
      for (const client of sockets.clients) client.terminate()
      await stop()
      kubelet.close()
      await registry.settled()
    },
  }
}

function logRequest(requests: { method: string; path: string }[]) {
  return ({ method = '', url = '' }: IncomingMessage) => {
    if (requests.length < requestLogLength) requests.push({ method, path: url })
  }
}
