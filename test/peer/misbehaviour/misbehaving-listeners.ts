import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiListeners } from '../../../src/demo/api-server.ts'
import { detachSocket, podOfRequest, sendWrongAnswer } from './misbehaving-answer.ts'
import type { MisbehaviourBook } from './misbehaviour.ts'

/** Returns listeners that answer late or wrongly as configured, and otherwise as `listeners` do, until `closed` aborts. */
export function misbehaveListeners(
  listeners: ApiListeners,
  misbehaviour: MisbehaviourBook,
  closed: AbortSignal,
): ApiListeners {
  const prepare = async (request: IncomingMessage) => {
    const { delayMs, answer } = misbehaviour.of(podOfRequest(request))
    if (delayMs !== undefined) await delay(delayMs, undefined, { signal: closed })
    return answer
  }
  return {
    async onRequest(request, response) {
      const answer = await prepare(request)
      if (answer === undefined) return await listeners.onRequest(request, response)
      const socket = detachSocket(response)
      if (socket !== undefined) sendWrongAnswer(socket, answer)
    },
    async onUpgrade(request, socket, head) {
      const answer = await prepare(request)
      if (answer === undefined) await listeners.onUpgrade(request, socket, head)
      else sendWrongAnswer(socket, answer)
    },
  }
}

/** Takes connections away from TLS while `isSilent`, so that not even the handshake is answered. */
export function answerSilently(server: Server, isSilent: () => boolean): void {
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[]
  const [track, ...others] = listeners
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    track?.call(server, socket)
    if (isSilent()) return
    for (const listener of others) listener.call(server, socket)
  })
}
