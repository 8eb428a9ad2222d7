/** HTTP request. https://www.rfc-editor.org/rfc/rfc9112 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly host: string
  readonly path: string
  readonly userAgent: string
  readonly requestId: string
  readonly body?: object
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  404: 'Not Found',
  500: 'Internal Server Error',
}

export function formatHttpRequest(request: HttpRequest): Buffer {
  const body = request.body === undefined ? '' : JSON.stringify(request.body)
  const lines = [
    `${request.method} ${request.path} HTTP/1.1`,
    `Host: ${request.host}`,
    `User-Agent: ${request.userAgent}`,
    'Accept: application/json',
    `X-Request-Id: ${request.requestId}`,
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

export function formatHttpResponse(status: number, server: string, body: object): Buffer {
  const text = JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${status} ${reasons[status] ?? ''}`,
    `Server: ${server}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`)
}
