import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { findUser, refuse, type User } from '../api/authorize.ts'
import { actionOf, execVerb, parseResourcePath } from '../api/resource-path.ts'
import { badRequest, notFound, unauthorized } from '../api/status.ts'
import type { DemoPods } from '../cluster/demo-pods.ts'
import { findContainerNamed, type Pod } from '../cluster/kube-object.ts'
import { makeScene } from '../traffic/scene.ts'
import type { ExecHandlers } from './exec-handlers.ts'
import type { ExecProtocol } from './exec-protocol.ts'
import type { ExecRegistry } from './exec-registry.ts'
import { parseExecRequest, type ReceivedExec } from './exec-request.ts'
import { type Refusal, refuseUpgrade } from './refuse-upgrade.ts'
import { streamCapture } from './stream-capture.ts'

export interface ExecServer {
  readonly pods: DemoPods
  readonly users: readonly User[]
  readonly registry: ExecRegistry
  readonly sockets: WebSocketServer
  /** Supported protocols, preferred one first. */
  readonly protocols: readonly ExecProtocol[]
  /** Verbs on `pods/exec` that a WebSocket needs. */
  readonly verbs: readonly string[]
  readonly handlers: ExecHandlers
  readonly packetsPerSecond: number
  readonly seed: string
  readonly silenceTimeoutMs: number
  readonly graceMs: number
}

const portsPerCapture = 2003

/** Returns the server that turns upgrades into WebSockets. `wrapExecSocket` answers pings. */
export function makeExecSockets(protocols: readonly ExecProtocol[]): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    handleProtocols: (_offered, request) => chooseProtocol(protocols, request)?.name ?? false,
  })
}

/** Answers an upgrade with a refusal over plain HTTP, or with the program's streams over a WebSocket. */
export function serveExec(server: ExecServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const checked = checkUpgrade(server, request)
  if (checked.kind === 'refused') {
    refuseUpgrade(socket, checked.refusal)
    return
  }
  const { pod, exec, protocol, kubeletRefusal } = checked
  server.sockets.handleUpgrade(request, socket, head, (client) => {
    run(server, client, pod, exec, protocol, kubeletRefusal).catch(() => client.terminate())
  })
}

type CheckedUpgrade =
  | { readonly kind: 'refused'; readonly refusal: Refusal | undefined }
  | {
      readonly kind: 'exec'
      readonly pod: Pod
      readonly exec: ReceivedExec
      readonly protocol: ExecProtocol
      /** Refusal that the API server sends on the error channel in place of the kubelet. */
      readonly kubeletRefusal: string | undefined
    }

function checkUpgrade(server: ExecServer, request: IncomingMessage): CheckedUpgrade {
  const refused = (refusal: Refusal | undefined): CheckedUpgrade => ({ kind: 'refused', refusal })
  const user = findUser(server.users, request.headers.authorization)
  if (user === undefined) return refused(unauthorized())
  const url = new URL(request.url ?? '/', 'https://demo')
  const path = parseResourcePath(url.pathname)
  if (path?.subresource !== 'exec' || path.plural !== 'pods' || path.name === undefined)
    return refused(badRequest('unable to upgrade: this is no exec request'))
  const verbs = request.method === 'GET' ? server.verbs : [execVerb(request.method ?? 'GET')]
  const forbidden = verbs.map((verb) => refuse(user, actionOf(path, verb))).find((status) => status !== undefined)
  if (forbidden !== undefined) return refused(forbidden)
  // Admission precedes the lookup: k8s.io/apiserver/pkg/endpoints/handlers/rest.go, ConnectResource.
  const denial = server.handlers.admit(`${path.namespace}/${path.name}`)
  if (denial !== undefined) return refused(denial)
  const pod = server.pods.find(`${path.namespace}/${path.name}`)
  if (pod === undefined) return refused(notFound({ group: '', plural: 'pods' }, path.name))
  if (!/^websocket$/i.test(request.headers.upgrade ?? ''))
    return refused(badRequest('the demo cluster speaks WebSockets only, no SPDY'))
  const exec = parseExecRequest(pod, url.searchParams)
  if ('code' in exec) return refused(exec)
  const protocol = chooseProtocol(server.protocols, request)
  if (protocol === undefined) return refused(undefined)
  const kubeletRefusal = server.handlers.askKubelet(pod, exec.container)
  const httpRefusal = kubeletRefusal === undefined ? undefined : protocol.refuseUpgrade(kubeletRefusal)
  if (httpRefusal !== undefined) return refused(httpRefusal)
  return { kind: 'exec', pod, exec, protocol, kubeletRefusal }
}

function chooseProtocol(protocols: readonly ExecProtocol[], request: IncomingMessage): ExecProtocol | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return protocols.find(({ name }) => offered.includes(name))
}

async function run(
  server: ExecServer,
  client: WebSocket,
  pod: Pod,
  exec: ReceivedExec,
  protocol: ExecProtocol,
  kubeletRefusal: string | undefined,
): Promise<void> {
  const id = `${pod.metadata.namespace}/${pod.metadata.name}`
  const { handlers } = server
  const io = handlers.openSocket(client, exec, id)
  if (kubeletRefusal !== undefined)
    return await io.finish(protocol.formatStatus({ kind: 'refused', text: kubeletRefusal }))
  const { killed, serial, remove } = server.registry.add(id, exec.container)
  const tools = handlers.toolsOf(pod, exec.container)
  // A later capture of the same pod sees new connections, not the first ones again.
  const sceneOf = (seen: Pod) => makeScene(seen, serial * portsPerCapture)
  try {
    const end = await handlers.run(
      io,
      {
        argv: exec.argv,
        tools,
        supervisor: {
          silenceTimeoutMs: server.silenceTimeoutMs,
          graceMs: server.graceMs,
          findScene(uid) {
            const other = server.pods.findInCgroups(uid)
            const isHere = other?.spec.nodeName === pod.spec.nodeName && other?.status.phase === 'Running'
            return isHere ? sceneOf(other) : undefined
          },
        },
        environment: {
          scene: sceneOf(pod),
          seed: `${server.seed}/${id}/${serial}`,
          packetsPerSecond: server.packetsPerSecond,
          mayCapture: tools.mayCapture && mayOpenRawSocket(pod, exec.container),
          nowMs: Date.now,
          streamCapture,
          killed,
        },
      },
      id,
    )
    await io.finish(protocol.formatStatus(end))
  } finally {
    remove()
  }
}

/**
 * Returns whether a container may open a raw socket. That needs CAP_NET_RAW, which root in a container has unless it was dropped, and other users
 * never have.
 */
function mayOpenRawSocket(pod: Pod, name: string): boolean {
  const context = { ...pod.spec.securityContext, ...findContainerNamed(pod, name)?.securityContext }
  if ((context.runAsUser ?? 0) !== 0) return false
  if (context.privileged) return true
  const named = (list: readonly string[] | undefined) => list?.some((word) => word === 'ALL' || word === 'NET_RAW')
  return named(context.capabilities?.add) === true || named(context.capabilities?.drop) !== true
}
