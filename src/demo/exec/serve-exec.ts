import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { findUser, refuse, type User } from '../api/authorize.ts'
import { actionOf, execVerb } from '../api/handle-request.ts'
import { parseResourcePath } from '../api/resource-path.ts'
import { badRequest, notFound, type Status, unauthorized } from '../api/status.ts'
import type { DemoPods } from '../cluster/demo-pods.ts'
import type { Pod } from '../cluster/kube-object.ts'
import type { MisbehaviourBook } from '../misbehaviour.ts'
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
  const { pod, exec, protocol, isRunning } = checked
  server.sockets.handleUpgrade(request, socket, head, (client) => {
    run(server, client, pod, exec, protocol, isRunning).catch(() => client.terminate())
  })
}

type CheckedUpgrade =
  | { readonly kind: 'refused'; readonly refusal: Status | string | undefined }
  | {
      readonly kind: 'exec'
      readonly pod: Pod
      readonly exec: ExecRequest
      readonly protocol: ExecProtocol
      readonly isRunning: boolean
    }

function checkUpgrade(server: ExecServer, request: IncomingMessage): CheckedUpgrade {
  const refused = (refusal: Status | string | undefined): CheckedUpgrade => ({ kind: 'refused', refusal })
  const user = findUser(server.users, request.headers.authorization)
  if (user === undefined) return refused(unauthorized())
  const url = new URL(request.url ?? '/', 'https://demo')
  const path = parseResourcePath(url.pathname)
  if (path?.subresource !== 'exec' || path.plural !== 'pods' || path.name === undefined)
    return refused(badRequest('unable to upgrade: this is no exec request'))
  const verbs = request.method === 'GET' ? server.execVerbs : [execVerb(request.method ?? 'GET')]
  const forbidden = verbs.map((verb) => refuse(user, actionOf(path, verb))).find((status) => status !== undefined)
  if (forbidden !== undefined) return refused(forbidden)
  const pod = server.pods.find(`${path.namespace}/${path.name}`)
  if (pod === undefined) return refused(notFound({ group: '', plural: 'pods' }, path.name))
  if (!/^websocket$/i.test(request.headers.upgrade ?? ''))
    return refused(badRequest('the demo cluster speaks WebSockets only, no SPDY'))
  const exec = parseExecRequest(pod, url.searchParams)
  if ('code' in exec) return refused(exec)
  const protocol = server.protocols.find((known) => offeredProtocols(request).includes(known))
  if (protocol === undefined) return refused(undefined)
  const isRunning = isContainerRunning(pod, exec.container)
  // With v4 the kubelet's refusal is passed through; v5 ends in the API server, which tells it on the error channel.
  if (!isRunning && protocol === 'v4.channel.k8s.io') return refused(containerNotFound(exec.container))
  return { kind: 'exec', pod, exec, protocol, isRunning }
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
  isRunning: boolean,
): Promise<void> {
  const id = `${pod.metadata.namespace}/${pod.metadata.name}`
  const misbehaviour = server.misbehaviour.of(id)
  const io = wrapExecSocket(client, exec, misbehaviour)
  if (!isRunning) {
    const text = `unable to upgrade connection: container not found (${JSON.stringify(exec.container)})`
    return await io.finish(formatExecStatus({ kind: 'refused', text }, protocol))
  }
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

/** The kubelet's own words, passed through by the API server with v4. */
function containerNotFound(container: string): string {
  return `container not found (${JSON.stringify(container)})`
}

const httpReasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** `undefined`: no common subprotocol, which the WebSocket library answers with a bare 403. */
export function refuseUpgrade(socket: Duplex, refusal: Status | string | undefined): void {
  if (refusal === undefined) {
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
    return
  }
  const isText = typeof refusal === 'string'
  const code = isText ? 500 : refusal.code
  const body = isText ? refusal : `${JSON.stringify(refusal)}\n`
  const lines = [
    `HTTP/1.1 ${code} ${httpReasons[code] ?? 'Internal Server Error'}`,
    `Content-Type: ${isText ? 'text/plain; charset=utf-8' : 'application/json'}`,
    'Cache-Control: no-cache, private',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
