import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { fitAnswer } from './fit-answer.ts'
import { type KubeAction, toApiError, toConnectError } from './kube-error.ts'

/** No single answer kcap asks for is larger, even Tables of 10,000 pods; a hostile server must not fill memory. */
const maxAnswerBytes = 256 * 1024 * 1024
const answerTimeoutMs = 15_000

/** Server-side printing with the objects' metadata only: a tenth of the bytes of a full list. */
export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

export interface KubeRequest {
  /** `/api/v1/namespaces/shop/pods?limit=500` */
  readonly path: string
  readonly action: KubeAction
  readonly accept?: string
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

/** GET, answer as JSON. Throws `api-*` errors; a 404 gives undefined, because what it means depends on what was asked. */
export async function getJson<Answer>(access: ClusterAccess, request: KubeRequest): Promise<Answer | undefined> {
  const { status, body } = await sendRequest(access, request)
  if (status === 404) return undefined
  if (status !== 200) throw toApiError(access.server, request.action, status, body)
  return parseAnswer<Answer>(access, request, body)
}

/** An answer that is an object of the API, as far as it is read. Throws `api-failed`. */
export function parseAnswer<Answer>(access: ClusterAccess, request: KubeRequest, body: string): Answer {
  try {
    const answer = fitAnswer(JSON.parse(body))
    if (answer === undefined) throw new Error('it is no object')
    return answer as Answer
  } catch (error) {
    throw new KcapError(
      'api-failed',
      `cannot ${request.action.verb} ${request.action.resource} of "${access.server.host}": its answer is no JSON object`,
      {
        hints: [
          'is it an API server? a login page of a proxy may answer in its place',
          line('kubectl', 'get', '--raw', request.path),
        ],
        cause: error,
      },
    )
  }
}

/** Half a million objects. A list of more is one that does not end. */
const maxPages = 1_000

/** What to ask for the next page with; undefined after the last one. Throws `api-failed` for a list without end. */
export function followPage(path: string, token: string | undefined, before: string | undefined, count: number) {
  if (!token) return undefined
  if (token !== before && count < maxPages) return token
  throw new KcapError('api-failed', `cannot list "${path}": its pages do not end`, {
    hints: [line('kubectl', 'get', '--raw', `${path}?limit=1`)],
  })
}

/** The request options every way to the API server shares. */
export function makeRequestOptions(access: ClusterAccess, path: string) {
  const { server } = access
  return {
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port || (server.protocol === 'http:' ? 80 : 443),
    // A server URL may carry a path of its own (Rancher does).
    path: `${server.pathname.replace(/\/$/, '')}${path}`,
    agent: access.agent,
    headers: { ...access.headers, 'User-Agent': 'kcap' },
  }
}

/** The same for a request that a proxy may forward. */
function makeForwardedOptions(access: ClusterAccess, path: string, connectSignal: AbortSignal) {
  const options = { ...makeRequestOptions(access, path), connectSignal }
  const { forwarding, server } = access
  if (forwarding === undefined) return options
  return {
    ...options,
    path: `${server.origin}${options.path}`,
    headers: { ...options.headers, ...forwarding.headers },
    isForwarded: true,
  }
}

/** What a request carries. */
export interface RequestBody {
  /** Default GET. */
  readonly method?: 'POST' | 'PATCH' | 'DELETE'
  readonly contentType?: string
  readonly body?: string | undefined
}

/** The answer as it comes; its body ends with an error when the signal is aborted. Throws `api-unreachable`, `api-certificate`. */
export async function openStream(
  access: ClusterAccess,
  request: Pick<KubeRequest, 'path' | 'accept' | 'signal'> & RequestBody,
): Promise<IncomingMessage> {
  const options = makeForwardedOptions(access, request.path, request.signal)
  const start = access.server.protocol === 'http:' ? httpRequest : httpsRequest
  return await new Promise((resolve, reject) => {
    const outgoing = start({
      ...options,
      method: request.method ?? 'GET',
      headers: {
        ...options.headers,
        Accept: request.accept ?? 'application/json',
        // Node gives a DELETE no length, and its body would be taken for the next request.
        ...(request.body !== undefined && {
          'Content-Type': request.contentType,
          'Content-Length': Buffer.byteLength(request.body),
        }),
      },
      signal: request.signal,
    })
    outgoing.on('error', (error) =>
      reject(request.signal.aborted ? request.signal.reason : toConnectError(access.server, error, access.context)),
    )
    outgoing.on('response', (response) => {
      if (access.forwarding === undefined || response.statusCode !== 407) return resolve(response)
      response.destroy()
      reject(access.forwarding.makeLoginError())
    })
    outgoing.end(request.body)
  })
}

/** The whole answer, whatever its status. */
export async function sendRequest(
  access: ClusterAccess,
  request: KubeRequest & RequestBody,
): Promise<{ status: number; body: string }> {
  const timeout = AbortSignal.timeout(request.timeoutMs ?? answerTimeoutMs)
  const { signal, unlink } = linkSignals(request.signal, timeout)
  try {
    const response = await openStream(access, { ...request, signal })
    return { status: response.statusCode ?? 0, body: await readBody(response) }
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason
    if (timeout.aborted)
      throw toConnectError(access.server, Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }), access.context)
    throw toConnectError(access.server, error, access.context)
  } finally {
    unlink()
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxAnswerBytes) throw new Error(`its answer is longer than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
