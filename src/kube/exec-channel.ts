import type { IncomingMessage } from 'node:http'
import { Readable, Writable } from 'node:stream'
import WebSocket from 'ws'
import { monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { RemoteExit, RemoteProcess } from '../base/remote-process.ts'
import { watchSilence } from '../base/watch-silence.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { readExecStatus, toUpgradeError } from './exec-status.ts'
import { toConnectError } from './kube-error.ts'
import { makeRequestOptions } from './kube-request.ts'
import { findRetryPause } from './transient-answer.ts'

/** First byte of each frame: `remotecommand/websocket.go` of k8s.io/kubelet, KEP-4006. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/**
 * Silence after which a connection counts as cut: the supervisor answers a heartbeat every few seconds, and a cut without FIN shows only as silence.
 * WebSocket pings are no replacement. An API server up to 1.29 stops reading until its pong is written (x/net/websocket, HandleFrame). Behind a slow
 * reader, a ping would keep the heartbeats from the remote host.
 */
const silenceLimitMs = 15_000
/** Time limit from the connection to the end of the upgrade, however slowly its headers arrive. */
const connectTimeoutMs = 15_000
const defaultHighWaterMark = 256 * 1024
/** Maximum size of a frame; the kubelet's frames have 32 KiB. */
const maxFrameBytes = 4 * 1024 * 1024

export interface ExecRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly argv: readonly string[]
  /** Number of bytes that wait for a slow reader before the socket is no longer read; default: 256 KiB. */
  readonly highWaterMark?: number
  /** Aborts the start; a running program is ended by its supervisor or `kill`. */
  readonly signal: AbortSignal
}

/**
 * Runs an argv in a container over a WebSocket, with backpressure in both directions.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-connect-get-requests-to-exec-of-pod
 * @throws {KcapError} api-*, pod-not-found, container-not-found — when the channel can't be opened
 */
export async function openExecChannel(access: ClusterAccess, request: ExecRequest): Promise<RemoteProcess> {
  const socket = await connectAgain(access, request)
  return wrapSocket(socket, access, request)
}

/**
 * Checks that exec is allowed, by an exec that can't run: neither RBAC nor a policy knows that its pod or container does not exist yet. Admission
 * comes before the look-up (k8s.io/apiserver/pkg/endpoints/handlers/rest.go, ConnectResource).
 * @throws {KcapError} api-forbidden, admission-refused — when exec is refused
 */
export async function checkExecAllowed(access: ClusterAccess, request: Omit<ExecRequest, 'argv'>): Promise<void> {
  try {
    const socket = await connectAgain(access, { ...request, argv: ['true'] })
    socket.terminate()
  } catch (error) {
    request.signal.throwIfAborted()
    if (error instanceof KcapError && (error.code === 'api-forbidden' || error.code === 'admission-refused'))
      throw error
  }
}

/** Retries what the API server refuses for now, with Retry-After: it has not begun to run. */
async function connectAgain(access: ClusterAccess, request: ExecRequest): Promise<WebSocket> {
  for (let tries = 1; ; tries++) {
    let pauseMs: number | undefined
    try {
      return await connect(access, request, (response) => {
        pauseMs = findRetryPause(response, false, tries)
      })
    } catch (error) {
      if (pauseMs === undefined || request.signal.aborted) throw error
      access.log?.(`exec in ${request.namespace}/${request.pod}: ${(error as Error).message}; tried again`)
      await monotonicClock.sleep(pauseMs, request.signal)
    }
  }
}

function execPath(request: ExecRequest): string {
  const query = [
    ['container', request.container],
    ['stdin', 'true'],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ['tty', 'false'],
    ...request.argv.map((word) => ['command', word] as const),
  ]
    // URLSearchParams takes 2 ms for the supervisor's script.
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string).replaceAll('%20', '+')}`)
    .join('&')
  return `/api/v1/namespaces/${encodeURIComponent(request.namespace)}/pods/${encodeURIComponent(request.pod)}/exec?${query}`
}

async function connect(
  access: ClusterAccess,
  request: ExecRequest,
  onRefusal: (response: IncomingMessage) => void,
): Promise<WebSocket> {
  const { host: _host, port: _port, path, ...options } = makeRequestOptions(access, execPath(request))
  const scheme = access.server.protocol === 'http:' ? 'ws' : 'wss'
  const routed = { ...options, connectSignal: request.signal }
  const socket = new WebSocket(`${scheme}://${access.server.host}${path}`, protocols, {
    ...routed,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    skipUTF8Validation: true,
  })
  // Nothing may be read before the streams below listen.
  socket.once('open', () => socket.pause())
  return await new Promise((resolve, reject) => {
    const abort = () => fail(request.signal.reason)
    const timer = setTimeout(() => {
      const late = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
      fail(toConnectError(access.server, late, access.context))
    }, connectTimeoutMs)
    const settle = () => {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', abort)
    }
    const fail = (error: unknown) => {
      settle()
      socket.on('error', () => {})
      socket.terminate()
      reject(error)
    }
    if (request.signal.aborted) return fail(request.signal.reason)
    request.signal.addEventListener('abort', abort, { once: true })
    socket.once('error', (error) => fail(toConnectError(access.server, error, access.context)))
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      clearTimeout(timer)
      onRefusal(response)
      // The agent has its socket back, and may have passed it on: from here on, this exec must not close it.
      const refuse = (error: unknown) => {
        settle()
        reject(error)
      }
      void toUpgradeError(access, request, response).then(refuse, refuse)
    })
    socket.once('open', () => {
      settle()
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function wrapSocket(socket: WebSocket, access: ClusterAccess, request: ExecRequest): RemoteProcess {
  const canCloseStdin = socket.protocol === 'v5.channel.k8s.io'
  const target = `${request.namespace}/${request.pod}`
  const { highWaterMark = defaultHighWaterMark } = request
  let exit: RemoteExit | undefined
  let lossReason = 'the connection closed without a word'
  const full = new Set<Readable>()
  const makeOutput = (): Readable => {
    const output: Readable = new Readable({
      highWaterMark,
      read() {
        if (full.delete(output) && full.size === 0 && socket.readyState === WebSocket.OPEN) {
          silence.heard()
          socket.resume()
        }
      },
    })
    return output
  }
  const stdout = makeOutput()
  const stderr = makeOutput()
  const deliver = (output: Readable, bytes: Buffer) => {
    if (output.readableEnded || output.destroyed || bytes.length === 0) return
    if (!output.push(bytes)) {
      full.add(output)
      socket.pause()
    }
  }

  const send = (channel: number, bytes: Uint8Array, done: () => void) => {
    if (socket.readyState !== WebSocket.OPEN) return done()
    const frame = Buffer.allocUnsafe(bytes.length + 1)
    frame[0] = channel
    frame.set(bytes, 1)
    socket.send(frame, { binary: true }, () => done())
  }
  const stdin = new Writable({
    write: (bytes: Buffer, _encoding, done) => send(channels.stdin, bytes, () => done()),
    // v4 can't close a single stream (kubernetes/kubernetes#89899); the supervisor gets a line that stops it instead.
    final: (done) => (canCloseStdin ? send(channels.close, Buffer.of(channels.stdin), () => done()) : done()),
  })

  const silence = watchSilence({
    limitMs: silenceLimitMs,
    // While the reader here is slow, the socket is not read; the remote side is not silent then.
    isExcused: () => full.size > 0,
    onSilent() {
      lossReason = `nothing was heard for ${silenceLimitMs / 1000} s`
      socket.terminate()
    },
  })

  socket.on('message', (data: Buffer) => {
    silence.heard()
    const payload = data.subarray(1)
    if (data[0] === channels.stdout) deliver(stdout, payload)
    else if (data[0] === channels.stderr) deliver(stderr, payload)
    else if (data[0] === channels.error && payload.length > 0)
      exit ??= readExecStatus(target, request.argv[0] ?? '', payload)
  })
  socket.on('error', (error) => {
    lossReason = error.message
  })
  const exited = new Promise<RemoteExit>((resolve) => {
    socket.once('close', () => {
      silence.stop()
      if (!stdout.readableEnded) stdout.push(null)
      if (!stderr.readableEnded) stderr.push(null)
      stdin.destroy()
      resolve(exit ?? { kind: 'lost', error: connectionLost(access, target, lossReason) })
    })
  })
  stdin.on('error', () => {})
  socket.resume()
  return { stdout, stderr, stdin, exited, kill: () => socket.terminate() }
}

function connectionLost(access: ClusterAccess, target: string, reason: string): KcapError {
  return new KcapError(
    'connection-lost',
    `cannot continue capturing "${target}": the connection to "${access.server.host}" is lost: ${reason}`,
    {
      hints: ['the packets up to here are kept; start the same command again'],
    },
  )
}
