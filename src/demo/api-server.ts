import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { findUser, type User } from './api/authorize.ts'
import { type ClusterApi, handleRequest } from './api/handle-request.ts'
import { badRequest, internalError, sendStatus, unauthorized } from './api/status.ts'
import { refuseUpgrade } from './exec/refuse-upgrade.ts'
import { type ExecServer, serveExec } from './exec/serve-exec.ts'

/** Listeners for requests and exec upgrades. If one rejects, the error becomes a Status. */
export interface ApiListeners {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>
}

/** Returns listeners that authenticate the users, and pass requests to the API and upgrades to exec. */
export function makeApiListeners(users: readonly User[], api: ClusterApi, exec: ExecServer): ApiListeners {
  return {
    async onRequest(request, response) {
      const user = findUser(users, request.headers.authorization)
      if (user === undefined) sendStatus(response, unauthorized())
      else await handleRequest(request, response, user, api)
    },
    async onUpgrade(request, socket, head) {
      serveExec(exec, request, socket, head)
    },
  }
}

/** Attaches the listeners to a server. */
export function attachListeners(server: Server, { onRequest, onUpgrade }: ApiListeners): void {
  server.on('request', (request, response) => {
    onRequest(request, response).catch((error: unknown) => {
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
    onUpgrade(request, socket, head).catch((error: unknown) => {
      if (!socket.destroyed) refuseUpgrade(socket, internalError(String(error)))
    })
  })
}
