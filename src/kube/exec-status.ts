import type { IncomingMessage } from 'node:http'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { RemoteExit } from '../base/remote-process.ts'
import { type KubeAction, type KubeStatus, parseStatus, readStatus, toApiError } from './kube-error.ts'
import { readRefusal } from './kube-request.ts'

/** A frame may have megabytes; nobody reads more. */
const maxStatusBytes = 64 * 1024
const maxTextLength = 4_000

/** How a program ended, from the Status on the error channel. */
export function readExecStatus(target: string, program: string, frame: Buffer): RemoteExit {
  const body = frame.toString('utf8', 0, maxStatusBytes)
  const status = parseChannelStatus(body)
  // Before v4 the channel carried plain text; some proxies still do.
  if (status === undefined)
    return { kind: 'refused', error: toStartError(target, program, body.slice(0, maxTextLength).trim()) }
  if (status.status === 'Success') return { kind: 'exited', code: 0 }
  const code = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message
  if (code !== undefined && /^\d{1,3}$/.test(code) && Number(code) <= 255) return { kind: 'exited', code: Number(code) }
  return { kind: 'refused', error: toStartError(target, program, status.message ?? '') }
}

/** The kubelet leaves out `kind` here (metav1.Status marshalled bare), so it is known by its `status`. */
function parseChannelStatus(body: string): KubeStatus | undefined {
  const status = readStatus(body)
  return status?.status === 'Success' || status?.status === 'Failure' ? status : undefined
}

/** The container runtime's words for a program it can't start: containerd and runc, cri-o, docker. */
export function toStartError(target: string, program: string, message: string): KcapError {
  const isMissing = /executable file not found|no such file or directory|stat .*: no such file/i.test(message)
  if (isMissing) {
    return new KcapError('no-shell', `cannot capture in "${target}": its container has no "${program}"`, {
      hints: ['another container of the pod may have it, for all share one network: --container NAME'],
    })
  }
  return new KcapError(
    'capture-program-failed',
    `cannot capture in "${target}": the container runtime says: ${message.slice(0, 300)}`,
    {
      hints: [line('kubectl', 'describe', 'pod', '-n', ...target.split('/'))],
    },
  )
}

/** An upgrade the API server refused. Reads the answer's body, which may be missing. */
export async function toUpgradeError(
  server: URL,
  request: { namespace: string; pod: string; container: string },
  response: IncomingMessage,
): Promise<KcapError> {
  // A WebSocket starts with a GET, so a role that only has `create` is refused here though kubectl's SPDY exec works.
  return toExecError(server, request, 'get', response.statusCode ?? 0, await readRefusal(response))
}

/** Why a program can't be run in a container, from the API server's status and its text. */
export function toExecError(
  server: URL,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
  verb: KubeAction['verb'],
  httpStatus: number,
  body: string,
): KcapError {
  const target = `${namespace}/${pod}`
  if (httpStatus === 404) {
    return new KcapError('pod-not-found', `cannot capture in "${target}": the pod is gone`, {
      hints: [line('kcap', 'list', 'pods', '-n', namespace)],
    })
  }
  const message = parseStatus(body)?.message ?? ''
  if (httpStatus === 400 && /container .* is not valid|container not found/.test(message)) {
    return new KcapError('container-not-found', `cannot capture in "${target}": it has no container "${container}"`, {
      hints: [line('kubectl', 'get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.spec.containers[*].name}')],
    })
  }
  return toApiError(server, { verb, resource: 'pods/exec', namespace, name: pod }, httpStatus, body)
}
