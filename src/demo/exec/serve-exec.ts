import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { findUser, refuse, type User } from '../api/authorize.ts'
import { actionOf, execVerb } from '../api/handle-request.ts'
import { parseResourcePath } from '../api/resource-path.ts'
import { badRequest, deniedByPolicy, internalError, notFound, type Status, unauthorized } from '../api/status.ts'
import type { DemoPods } from '../cluster/demo-pods.ts'
import type { Pod } from '../cluster/kube-object.ts'
import type { Misbehaviour, MisbehaviourBook } from '../misbehaviour.ts'
import { makeScene } from '../traffic/scene.ts'
import type { ExecRegistry } from './exec-registry.ts'
import { type ExecRequest, isContainerRunning, parseExecRequest } from './exec-request.ts'
import { type ExecProtocol, wrapExecSocket } from './exec-socket.ts'
import { formatExecStatus } from './exec-status.ts'
import { mayOpenRawSocket } from './raw-socket.ts'
import { runExec } from './run-exec.ts'

export interface ExecServer {
  readonly pods: DemoPods
  readonly users: readonly User[]
  readonly misbehaviour: MisbehaviourBook
  readonly registry: ExecRegistry
  readonly sockets: WebSocketServer
  readonly protocols: readonly ExecProtocol[]
  readonly execVerbs: readonly string[]
  readonly packetsPerSecond: number
  readonly seed: string
  readonly silenceTimeoutMs: number
  readonly graceMs: number
}

const portsPerCapture = 2003

/** Answers an upgrade: with a refusal over plain HTTP, or with the program's streams over a WebSocket. */
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
      readonly exec: ExecRequest
      readonly protocol: ExecProtocol
      /** What the API server says on the error channel in the kubelet's place. */
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
  const verbs = request.method === 'GET' ? server.execVerbs : [execVerb(request.method ?? 'GET')]
  const forbidden = verbs.map((verb) => refuse(user, actionOf(path, verb))).find((status) => status !== undefined)
  if (forbidden !== undefined) return refused(forbidden)
  // Admission comes before the look-up: k8s.io/apiserver/pkg/endpoints/handlers/rest.go, ConnectResource.
  const policy = server.misbehaviour.of(`${path.namespace}/${path.name}`).execPolicy
  if (policy !== undefined) return refused(deniedByPolicy(path.name, policy))
  const pod = server.pods.find(`${path.namespace}/${path.name}`)
  if (pod === undefined) return refused(notFound({ group: '', plural: 'pods' }, path.name))
  if (!/^websocket$/i.test(request.headers.upgrade ?? ''))
    return refused(badRequest('the demo cluster speaks WebSockets only, no SPDY'))
  const exec = parseExecRequest(pod, url.searchParams)
  if ('code' in exec) return refused(exec)
  const protocol = server.protocols.find((known) => offeredProtocols(request).includes(known))
  if (protocol === undefined) return refused(undefined)
  const kubelet = askKubelet(pod, exec, server.misbehaviour.of(`${path.namespace}/${path.name}`).kubelet)
  // With v4 the kubelet's refusal is passed through; v5 ends in the API server, which tells it on the error channel.
  if (kubelet !== undefined && protocol === 'v4.channel.k8s.io') return refused(kubelet.v4)
  return { kind: 'exec', pod, exec, protocol, kubeletRefusal: kubelet?.v5 }
}

/**
 * What the kubelet refuses, or the API server in its place when it is away: k8s.io/kubernetes/pkg/kubelet/server/server.go (getExec), and
 * k8s.io/apimachinery/pkg/util/httpstream/spdy/roundtripper.go (NewConnection) for the words with v5.
 */
function askKubelet(
  pod: Pod,
  { container }: ExecRequest,
  state: Misbehaviour['kubelet'],
): { readonly v4: Refusal; readonly v5: string } | undefined {
  if (state === 'away') {
    const dial = 'dial tcp 192.168.49.2:10250: connect: connection refused'
    return { v4: internalError(`error dialing backend: ${dial}`), v5: `error sending request: ${dial}` }
  }
  const text =
    state === 'new'
      ? 'pod does not exist'
      : isContainerRunning(pod, container)
        ? undefined
        : `container not found (${JSON.stringify(container)})`
  if (text === undefined) return undefined
  return { v4: { code: state === 'new' ? 404 : 500, text }, v5: `unable to upgrade connection: ${text}` }
}

export function offeredProtocols(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
}

async function run(
  server: ExecServer,
  client: WebSocket,
  pod: Pod,
  exec: ExecRequest,
  protocol: ExecProtocol,
  kubeletRefusal: string | undefined,
): Promise<void> {
  const id = `${pod.metadata.namespace}/${pod.metadata.name}`
  const misbehaviour = server.misbehaviour.of(id)
  const io = wrapExecSocket(client, exec, misbehaviour)
  if (kubeletRefusal !== undefined)
    return await io.finish(formatExecStatus({ kind: 'refused', text: kubeletRefusal }, protocol))
  const { killed, serial, remove } = server.registry.add(id, exec.container, io)
  const tools = server.pods.toolsOf(pod, exec.container)
  // A later capture of the same pod sees other connections, not the first ones again.
  const sceneOf = (seen: Pod) => makeScene(seen, serial * portsPerCapture)
  try {
    const end = await runExec(io, {
      argv: exec.argv,
      tools,
      supervisor: {
        silenceTimeoutMs: server.silenceTimeoutMs,
        graceMs: server.graceMs,
        ignoresStop: misbehaviour.ignoreStop ?? false,
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
        mayCapture: tools !== 'no-permission' && mayOpenRawSocket(pod, exec.container),
        misbehaviour,
        killed,
      },
    })
    await io.finish(misbehaviour.endWithoutStatus ? undefined : formatExecStatus(end, protocol))
  } finally {
    remove()
  }
}

/** A refusal over HTTP: the API server's, or in the kubelet's plain words. */
type Refusal = Status | { readonly code: number; readonly text: string }

const httpReasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** `undefined`: no common subprotocol, which the WebSocket library answers with a bare 403. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal | undefined): void {
  if (refusal === undefined) {
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
    return
  }
  const { code } = refusal
  const isText = 'text' in refusal
  const body = isText ? refusal.text : `${JSON.stringify(refusal)}\n`
  const lines = [
    `HTTP/1.1 ${code} ${httpReasons[code] ?? 'Internal Server Error'}`,
    `Content-Type: ${isText ? 'text/plain; charset=utf-8' : 'application/json'}`,
    'Cache-Control: no-cache, private',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
