import { randomBytes } from 'node:crypto'
import { WebSocketServer } from 'ws'
import { allRights, type Right, type User } from '../../src/demo/api/authorize.ts'
import { startApiServer } from '../../src/demo/api-server.ts'
import { makeServerCertificate } from '../../src/demo/certificate.ts'
import type { DemoPodSettings, PodTools } from '../../src/demo/cluster/demo-apps.ts'
import { makeDemoKubelet } from '../../src/demo/cluster/demo-kubelet.ts'
import { addDemoObjects } from '../../src/demo/cluster/demo-objects.ts'
import { makeDemoPods } from '../../src/demo/cluster/demo-pods.ts'
import { reconcileEndpoints } from '../../src/demo/cluster/endpoints.ts'
import type { KubeObject, Pod } from '../../src/demo/cluster/kube-object.ts'
import { makeService, type ServiceSettings } from '../../src/demo/cluster/make-service.ts'
import { makeObjectStore } from '../../src/demo/cluster/object-store.ts'
import { formatDemoKubeconfig } from '../../src/demo/demo-kubeconfig.ts'
import { makeExecRegistry } from '../../src/demo/exec/exec-registry.ts'
import type { ExecProtocol } from '../../src/demo/exec/exec-socket.ts'
import { offeredProtocols } from '../../src/demo/exec/serve-exec.ts'
import { type Misbehaviour, makeMisbehaviourBook } from '../../src/demo/misbehaviour.ts'

export interface PeerClusterOptions {
  /** Of each pod; 0 is silence, Infinity as fast as they are read. Default 25. */
  readonly packetsPerSecond?: number
  /** Default: any free one. */
  readonly port?: number
  /** What the server speaks, its favourite first. Default v5 and v4, as 1.34 does. */
  readonly protocols?: readonly ExecProtocol[]
  /** Users beside the one who may do everything; each gets a token. */
  readonly users?: readonly { readonly name: string; readonly rights: readonly Right[] }[]
  /** Verbs on `pods/exec` that a WebSocket needs. Default `get`; Kubernetes 1.35 asks for `get` and `create`. */
  readonly execVerbs?: readonly string[]
  /** Running pods `default/load-00001` and on, for long lists. */
  readonly extraPods?: number
  /** The same seed gives the same packets. */
  readonly seed?: string
  readonly misbehaviour?: Misbehaviour
  /** A capture hears nothing on stdin for this long: it ends. Default 20 s. */
  readonly silenceTimeoutMs?: number
  /** How long a stopped capture waits for one more byte. Default 5 s. */
  readonly graceMs?: number
  /** Default one minute. */
  readonly bookmarkIntervalMs?: number
  /** How long a container takes from one state to the next, and a deleted pod at most until it is gone. Default 100 ms. */
  readonly startDelayMs?: number
  /** Images no registry has, as the client writes them. */
  readonly missingImages?: readonly string[]
  /** What is in an image, by the name clients write; otherwise an image of a debug container or created pod has a shell and tcpdump. */
  readonly imageTools?: Readonly<Record<string, PodTools>>
  /** Default true; clusters up to 1.22 have them only where somebody switched them on. */
  readonly hasEphemeralContainers?: boolean
  /** Default true; `discovery.k8s.io/v1` is there from Kubernetes 1.21 on. */
  readonly hasEndpointSlices?: boolean
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
  /** Of the user who may do everything. */
  readonly token: string
  tokenOf(user: string): string
  /** YAML with the context `kcap-demo` and the namespace `prod`. */
  kubeconfig(options?: KubeconfigOptions): string
  /** Replaces all settings for the cluster, or for one pod (`NAMESPACE/NAME`); `{}` behaves again. */
  misbehave(settings: Misbehaviour, pod?: string): Promise<void>

  addPod(settings: DemoPodSettings): Pod
  addPods(count: number, namespace?: string, prefix?: string): void
  removePod(pod: string): void
  /** The containers, but for ephemeral ones, are killed and started again: running execs end, container ids change. */
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
  /** As when the kubelet goes away: with v5 the API server says Success in the program's place; with v4 the connection is cut. */
  dropExecs(pod?: string): void
  /** From now on nothing is sent and nothing heeded, but the connections stay. */
  stallExecs(pod?: string): void
  /** Drops all connections and ends all timers. */
  close(): Promise<void>
}

const adminName = 'kcap-demo'
const requestLogLength = 10_000
const defaults = {
  packetsPerSecond: 25,
  silenceTimeoutMs: 20_000,
  graceMs: 5000,
  bookmarkIntervalMs: 60_000,
  startDelayMs: 100,
} as const

/** Starts a small Kubernetes 1.34 on loopback for tests: the demo cluster with a strict API, limited users, and peers that misbehave. */
export async function startPeerCluster(options: PeerClusterOptions = {}): Promise<PeerCluster> {
  const store = makeObjectStore()
  const registry = makeExecRegistry()
  const pods = makeDemoPods(store, registry.kill, options.imageTools)
  const kubelet = makeDemoKubelet({
    pods,
    startDelayMs: options.startDelayMs ?? defaults.startDelayMs,
    missingImages: options.missingImages ?? [],
    onContainersKilled: registry.kill,
  })
  addDemoObjects(store, pods.add, Date.now())
  for (const namespace of ['kube-system', 'prod', 'staging']) reconcileEndpoints(store, namespace)
  if (options.extraPods !== undefined) pods.addMany(options.extraPods)
  store.compact()

  const misbehaviour = makeMisbehaviourBook(options.misbehaviour ?? {})
  const users: User[] = [{ name: adminName, rights: allRights }, ...(options.users ?? [])].map((user) => ({
    ...user,
    token: randomBytes(24).toString('base64url'),
  }))
  const tokenOf = (name: string): string => {
    const user = users.find((known) => known.name === name)
    if (user === undefined) throw new Error(`the demo cluster has no user "${name}"`)
    return user.token
  }
  const protocols = options.protocols ?? ['v5.channel.k8s.io', 'v4.channel.k8s.io']
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    handleProtocols: (_offered, request) =>
      protocols.find((known) => offeredProtocols(request).includes(known)) ?? false,
  })
  const requests: { method: string; path: string }[] = []
  const certificate = makeServerCertificate()
  const server = await startApiServer({
    certificate,
    port: options.port ?? 0,
    writer: { store, pods, kubelet, hasEphemeralContainers: options.hasEphemeralContainers ?? true },
    users,
    misbehaviour,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? defaults.bookmarkIntervalMs,
    hasEndpointSlices: options.hasEndpointSlices ?? true,
    onRequest(method, path) {
      if (requests.length < requestLogLength) requests.push({ method, path })
    },
    exec: {
      pods,
      users,
      misbehaviour,
      registry,
      sockets,
      protocols,
      execVerbs: options.execVerbs ?? ['get'],
      packetsPerSecond: options.packetsPerSecond ?? defaults.packetsPerSecond,
      seed: options.seed ?? 'kcap',
      silenceTimeoutMs: options.silenceTimeoutMs ?? defaults.silenceTimeoutMs,
      graceMs: options.graceMs ?? defaults.graceMs,
    },
  })
  await server.setListening(options.misbehaviour?.connections !== 'refused')
  const url = `https://127.0.0.1:${server.port}`
  const putObject = (object: KubeObject) => {
    store.put(object)
    reconcileEndpoints(store, object.metadata.namespace ?? '')
  }

  return {
    url,
    port: server.port,
    certificateAuthorityPem: certificate.certificate,
    token: tokenOf(adminName),
    tokenOf,
    kubeconfig: ({ user = adminName, token = tokenOf(user), server: serverUrl = url, ...names } = {}) =>
      formatDemoKubeconfig({ url: serverUrl, certificateAuthorityPem: certificate.certificate, token, ...names }),
    async misbehave(settings, pod) {
      misbehaviour.set(settings, pod)
      await server.setListening(misbehaviour.of(undefined).connections !== 'refused')
    },
    addPod: pods.add,
    addPods: pods.addMany,
    removePod: pods.remove,
    restartPod: pods.restart,
    endContainer: (pod, container, exitCode = 0) => kubelet.endContainer(pod, container, exitCode),
    updatePod: pods.update,
    addService: (settings) => putObject(makeService(settings)),
    putObject,
    labelNamespace(name, labels) {
      const namespace = store.get('namespaces', undefined, name)
      if (namespace === undefined) throw new Error(`the demo cluster has no namespace "${name}"`)
      const { metadata } = namespace
      store.put({ ...namespace, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } })
    },
    compact: store.compact,
    requests,
    openExecCount: registry.count,
    cutExecs: registry.cut,
    dropExecs: registry.drop,
    stallExecs: registry.stall,
    async close() {
      registry.kill()
      for (const client of sockets.clients) client.terminate()
      await server.close()
      kubelet.close()
      await registry.settled()
    },
  }
}
