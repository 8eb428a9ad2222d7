import type { Duplex } from 'node:stream'
import type { Status } from '../api/status.ts'

/** Refusal over HTTP: the API server's, or in the kubelet's plain words. */
export type Refusal = Status | { readonly code: number; readonly text: string }

const httpReasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** Refuses an upgrade. `undefined` means that no subprotocol is shared, which the WebSocket library answers with a bare 403. */
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
