import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { findUser, type User } from './api/authorize.ts'
import { handleRequest } from './api/handle-request.ts'
import { detachSocket, podOfRequest, sendWrongAnswer } from './api/misbehaving-answer.ts'
import type { PodWriter } from './api/pods/write-pods.ts'
import { badRequest, internalError, sendStatus, unauthorized } from './api/status.ts'
import type { ServerCertificate } from './certificate.ts'
import { type ExecServer, refuseUpgrade, serveExec } from './exec/serve-exec.ts'
import type { MisbehaviourBook } from './misbehaviour.ts'

export interface ApiServerSettings {
  readonly certificate: ServerCertificate
  readonly port: number
  readonly writer: PodWriter
  readonly users: readonly User[]
  readonly misbehaviour: MisbehaviourBook
  readonly exec: ExecServer
  readonly bookmarkIntervalMs: number
  readonly hasEndpointSlices: boolean
  readonly onRequest: (method: string, path: string) => void
}

export interface ApiServer {
  readonly port: number
  /** Whether the port is open; closing it drops all connections. */
  setListening(isListening: boolean): Promise<void>
  close(): Promise<void>
}

/** As long as Go's servers, whose clients keep connections for the next request. */
const keepAliveTimeoutMs = 120_000

/** The demo's API server on loopback: HTTPS requests and exec upgrades. */
export async function startApiServer(settings: ApiServerSettings): Promise<ApiServer> {
  const { misbehaviour } = settings
  const closed = new AbortController()
  const connections = new Set<Socket>()
  const server = createServer({ key: settings.certificate.key, cert: settings.certificate.certificate })
  // Nobody ends a long watch for being silent.
  server.requestTimeout = 0
  server.keepAliveTimeout = keepAliveTimeoutMs

  const prepare = async (request: IncomingMessage) => {
    settings.onRequest(request.method ?? '', request.url ?? '')
    const { delayMs, answer } = misbehaviour.of(podOfRequest(request))
    if (delayMs !== undefined) await delay(delayMs, undefined, { signal: closed.signal })
    return answer
  }
  const answerRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = await prepare(request)
    if (answer !== undefined) {
      const socket = detachSocket(response)
      if (socket !== undefined) sendWrongAnswer(socket, answer)
      return
    }
    const user = findUser(settings.users, request.headers.authorization)
    if (user === undefined) return sendStatus(response, unauthorized())
    await handleRequest(request, response, {
      ...settings.writer,
      user,
      bookmarkIntervalMs: settings.bookmarkIntervalMs,
      hasEndpointSlices: settings.hasEndpointSlices,
    })
  }
  const answerUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const answer = await prepare(request)
    if (answer !== undefined) return sendWrongAnswer(socket, answer)
    serveExec(settings.exec, request, socket, head)
  }

  server.on('request', (request, response) => {
    answerRequest(request, response).catch((error: unknown) => {
      if (!response.headersSent && !response.destroyed)
        sendStatus(
          response,
          error instanceof URIError || error instanceof TypeError
            ? badRequest(String(error))
            : internalError(String(error)),
        )
    })
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    answerUpgrade(request, socket, head).catch((error: unknown) => {
      if (!socket.destroyed) refuseUpgrade(socket, internalError(String(error)))
    })
  })
  server.on('tlsClientError', () => {})
  server.prependListener('connection', (socket: Socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => connections.delete(socket))
  })
  answerSilently(server, () => misbehaviour.of(undefined).connections === 'silent')

  const dropConnections = () => {
    for (const socket of connections) socket.destroy()
  }
  const stopListening = async () => {
    if (!server.listening) return dropConnections()
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
    dropConnections()
    await stopped
  }
  const { port } = await listen(server, settings.port)
  return {
    port,
    async setListening(isListening) {
      if (!isListening) await stopListening()
      else if (!server.listening) await listen(server, port)
    },
    async close() {
      closed.abort()
      await stopListening()
    },
  }
}

/** Takes connections away from TLS while `isSilent`, so that not even the handshake is answered. */
function answerSilently(server: Server, isSilent: () => boolean): void {
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[]
  const [track, ...others] = listeners
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    track?.call(server, socket)
    if (isSilent()) return
    for (const listener of others) listener.call(server, socket)
  })
}

async function listen(server: Server, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  return server.address() as AddressInfo
}
