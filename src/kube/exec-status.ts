import type { IncomingMessage } from 'node:http'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { RemoteExit } from '../base/remote-process.ts'
import { getUserName, mayDo } from './access-review.ts'
import type { ClusterAccess } from './cluster-access.ts'
import {
  type KubeAction,
  type KubeStatus,
  makeDenial,
  parseStatus,
  type RefusingServer,
  readStatus,
  toApiError,
} from './kube-error.ts'
import { readRefusal } from './read-refusal.ts'

/** Maximum number of bytes read of a status; a frame may have megabytes. */
const maxStatusBytes = 64 * 1024
const maxTextLength = 4_000

/** Returns how a program ended, from the Status on the error channel. */
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

/** Parses a Status by its `status`: the kubelet leaves out `kind` here (metav1.Status marshalled bare). */
function parseChannelStatus(body: string): KubeStatus | undefined {
  const status = readStatus(body)
  return status?.status === 'Success' || status?.status === 'Failure' ? status : undefined
}

/** Returns the error for a program that can't be started, from the message of the container runtime: containerd and runc, cri-o, docker. */
export function toStartError(target: string, program: string, message: string): KcapError {
  const isMissing = /executable file not found|no such file or directory|stat .*: no such file/i.test(message)
  if (isMissing) {
    return new KcapError('no-shell', `cannot capture in "${target}": its container has no "${program}"`, {
      hints: ['another container of the pod may have it, for all share one network: --container NAME'],
    })
  }
  const hints = [line('kubectl', 'describe', 'pod', '-n', ...target.split('/'))]
  const said = message.replace(/^(Internal error occurred: )+/, '').slice(0, 300)
  // From v5 on, the API server repeats here what the kubelet answered, as Go's SPDY client words it.
  const refused = /^unable to upgrade connection: (.*)$/s.exec(said)?.[1]
  if (refused !== undefined) return notFoundByKubelet(target, refused, hints)
  if (/^error (sending request|dialing backend): /.test(said))
    return new KcapError(
      'api-failed',
      `cannot capture in "${target}": the API server cannot reach its kubelet: ${said}`,
      {
        hints,
      },
    )
  return new KcapError(
    'capture-program-failed',
    `cannot capture in "${target}": the container runtime says: ${message.slice(0, 300)}`,
    { hints, facts: { mayHaveEnded: true } },
  )
}

/**
 * Returns the error for a container that the kubelet does not find. A kubelet does not know its pods for about a second after its start; a container
 * may also have ended meanwhile.
 */
function notFoundByKubelet(target: string, said: string, hints: readonly Hint[]): KcapError {
  const state = said === '' ? '' : `: ${said.slice(0, 200)}`
  return new KcapError(
    'container-not-found',
    `cannot capture in "${target}": its kubelet does not find the container${state}`,
    { hints },
  )
}

/** Returns the error for an upgrade that the API server refused. Reads the body of the answer, which may be missing. */
export async function toUpgradeError(
  access: ClusterAccess,
  request: { namespace: string; pod: string; container: string; signal: AbortSignal },
  response: IncomingMessage,
): Promise<KcapError> {
  const { statusCode = 0 } = response
  const body = await readRefusal(response)
  // From Kubernetes 1.35 on, a refusal for a missing "create" has no text.
  const denial = statusCode === 403 && body.trim() === '' ? await findMissingVerb(access, request) : undefined
  // A WebSocket starts with a GET, so a role with only `create` is refused here, though kubectl's SPDY exec works.
  return denial ?? toExecError(access, request, 'get', statusCode, body)
}

/** Returns the error for the verb that exec needs and the login lacks; undefined when the API server does not say. */
async function findMissingVerb(
  access: ClusterAccess,
  { namespace, signal }: { namespace: string; signal: AbortSignal },
): Promise<KcapError | undefined> {
  const right = { resource: 'pods/exec', namespace } as const
  const [get, create, user] = await Promise.all([
    mayDo(access, { ...right, verb: 'get' }, signal),
    mayDo(access, { ...right, verb: 'create' }, signal),
    getUserName(access, signal),
  ])
  const verb = get === false ? 'get' : create === false ? 'create' : undefined
  return verb && makeDenial({ ...right, verb }, user)
}

/** Returns why a program can't run in a container, from the API server's status and its text. */
export function toExecError(
  refusing: RefusingServer,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
  verb: KubeAction['verb'],
  httpStatus: number,
  body: string,
): KcapError {
  const target = `${namespace}/${pod}`
  const status = parseStatus(body)
  if (httpStatus === 404 && status?.details?.kind === 'pods') {
    return new KcapError('pod-not-found', `cannot capture in "${target}": the pod is gone`, {
      hints: [line('kcap', 'list', 'pods', '-n', namespace)],
    })
  }
  const message = status?.message ?? ''
  const isKubelets = httpStatus === 404 || (httpStatus === 500 && body.startsWith('container not found'))
  if (isKubelets)
    return notFoundByKubelet(target, message === '' ? body.trim() : message, [
      line('kubectl', 'describe', 'pod', '-n', namespace, pod),
    ])
  if (httpStatus === 400 && /container .* is not valid|container not found/.test(message)) {
    return new KcapError('container-not-found', `cannot capture in "${target}": it has no container "${container}"`, {
      hints: [line('kubectl', 'get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.spec.containers[*].name}')],
    })
  }
  return toApiError(refusing, { verb, resource: 'pods/exec', namespace, name: pod }, httpStatus, body)
}
