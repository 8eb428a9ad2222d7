import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { statusOfCode } from '../api/failures.ts'
import type { Misbehaviour } from './misbehaviour.ts'

const html =
  '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Corporate proxy</h1><p>Please sign in.</p></body></html>\n'
const garbage = Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x00, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x0a, 0x0a])

/** The raw HTTP answer a misbehaving server gives; undefined: none, the connection stays as it is. */
export function sendWrongAnswer(socket: Duplex, answer: NonNullable<Misbehaviour['answer']>): void {
  if (answer === 'never') return
  if (answer === 'cut') socket.destroy()
  else if (answer === 'garbage') socket.end(garbage)
  else if (answer === 'html') socket.end(formatAnswer(200, 'text/html; charset=utf-8', html))
  else socket.end(formatAnswer(answer, 'application/json', `${JSON.stringify(statusOfCode(answer))}\n`))
}

function formatAnswer(code: number, type: string, body: string): string {
  const lines = [
    `HTTP/1.1 ${code} Told`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** The pod a request is about, as `NAMESPACE/NAME`: a pod's own misbehaviour counts for it. */
export function podOfRequest(request: IncomingMessage): string | undefined {
  const match = /^\/api\/v1\/namespaces\/([^/?]+)\/pods\/([^/?]+)/.exec(request.url ?? '')
  return match === null ? undefined : `${decodeURIComponent(match[1] ?? '')}/${decodeURIComponent(match[2] ?? '')}`
}

export function detachSocket(response: ServerResponse): Duplex | undefined {
  const { socket } = response
  if (socket === null) return undefined
  response.detachSocket(socket)
  return socket
}
