import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type Clock, monotonicClock } from '../base/clock.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { LogFields } from '../base/log.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { fitAnswer } from './fit-answer.ts'
import { makeJsonSplitter, noJson } from './json-splitter.ts'
import { type KubeAction, toConnectError } from './kube-error.ts'
import { isAccepted, refuseAnswer } from './read-refusal.ts'
import { findResetPause, findRetryPause, mostTries } from './transient-answer.ts'

/** Time limit from a request to the end of its answer; each page of a list has its own. */
const answerTimeoutMs = 15_000

export interface KubeRequest {
  /** `/api/v1/namespaces/shop/pods?limit=500` */
  readonly path: string
  readonly action: KubeAction
  readonly accept?: string
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

/** Headers and body of a request. */
export interface RequestBody {
  /** Method; default GET. */
  readonly method?: 'POST' | 'PATCH' | 'DELETE'
  readonly contentType?: string
  readonly body?: string | undefined
  /** Whether the request may be sent twice; default: true for all methods but POST. */
  readonly isRepeatable?: boolean
}

/**
 * Sends a request that is answered with one object. Returns undefined for a 404, whose meaning depends on the request.
 * @throws {KcapError} api-*, admission-refused — when the request fails or is refused
 */
export async function requestObject<Answer>(
  access: ClusterAccess,
  request: KubeRequest & RequestBody,
): Promise<Answer | undefined> {
  const refuse = refuseAnswer(access, request)
  const time = limitTime(access, request)
  try {
    const response = await openAnswer(access, { ...request, signal: time.signal })
    time.markBegun()
    if (!(await isAccepted(access, request.action, response))) return undefined
    const splitter = makeJsonSplitter('object', refuse)
    for await (const chunk of response as AsyncIterable<Buffer>) splitter.push(chunk)
    const answer = fitAnswer(splitter.end())
    if (answer === undefined) throw refuse(noJson)
    return answer as Answer
  } catch (error) {
    throw time.explain(error)
  } finally {
    time.end()
  }
}

/** Time limit of a request and its whole answer. */
export interface RequestTime {
  readonly signal: AbortSignal
  /** Must be called when the answer has begun. */
  markBegun(): void
  /** Returns what an error means: the signal's reason, `api-unreachable`, `api-certificate`, or the error itself. */
  explain(error: unknown): unknown
  /** Must be called when the answer has been read. */
  end(): void
}

export function limitTime(access: ClusterAccess, request: Pick<KubeRequest, 'signal' | 'timeoutMs'>): RequestTime {
  const { timeoutMs = answerTimeoutMs } = request
  const timeout = AbortSignal.timeout(timeoutMs)
  const { signal, unlink } = linkSignals(request.signal, timeout)
  let hasBegun = false
  return {
    signal,
    markBegun() {
      hasBegun = true
    },
    explain(error) {
      if (request.signal.aborted) return request.signal.reason
      const late = hasBegun
        ? new Error(`its answer has not ended within ${timeoutMs / 1000} s`)
        : Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
      return toConnectError(access.server, timeout.aborted ? late : error, access.context)
    },
    end: unlink,
  }
}

/** Makes the request options that all connections to the API server share. */
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

/** Makes the options of a request that a proxy may forward. */
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

/**
 * Returns the answer to a request. Sends it again while the API server is too busy or briefly away.
 * @throws {KcapError} api-unreachable, api-certificate — when there is no answer
 * @throws {KcapError} proxy-* — when a proxy does not pass the request on
 */
export async function openAnswer(
  access: ClusterAccess,
  request: Parameters<typeof openStream>[1] & { readonly clock?: Clock },
): Promise<IncomingMessage> {
  const { method = 'GET', signal, clock = monotonicClock } = request
  const { isRepeatable = method !== 'POST' } = request
  const path = request.path.replace(/\?.*$/s, '')
  for (let tries = 1; ; tries++) {
    let pauseMs: number | undefined
    let reason: string
    const sentMs = clock.nowMs()
    try {
      const response = await openStream(access, request)
      logAnswer(access, { method, path, status: response.statusCode, tookMs: Math.round(clock.nowMs() - sentMs) })
      pauseMs = findRetryPause(response, isRepeatable, tries)
      if (pauseMs === undefined) return response
      response.destroy()
      reason = `the API server answered ${response.statusCode}`
    } catch (error) {
      pauseMs = signal.aborted ? undefined : findResetPause(error, isRepeatable, tries)
      if (pauseMs === undefined) throw error
      reason = (error as Error).message
    }
    const event = `${method} ${path}: ${reason}; sent again in ${pauseMs / 1000} s (${tries} of ${mostTries} times)`
    access.log?.(event, { level: 'warn', component: 'kube', method, path, attempt: tries })
    await clock.sleep(pauseMs, signal)
    signal.throwIfAborted()
  }
}

/** Logs an answer. Leaves out the query of the path, because that of exec contains a whole script. */
function logAnswer({ log }: ClusterAccess, fields: Pick<LogFields, 'method' | 'path' | 'status' | 'tookMs'>): void {
  const { method, path, status, tookMs } = fields
  log?.(`${method} ${path}: ${status} in ${tookMs} ms`, { level: 'debug', component: 'kube', ...fields })
}

/**
 * Returns the answer as it arrives; its body fails when the signal is aborted.
 * @throws {KcapError} api-unreachable, api-certificate — when there is no answer
 * @throws {KcapError} proxy-* — when a proxy does not pass the request on
 */
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
        // Node sends a DELETE without a length, and its body would be taken for the next request.
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
