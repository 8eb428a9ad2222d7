import { contextWords, type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { explainConnectFailure } from './connect-failure.ts'
import { fitStatus } from './fit-answer.ts'
import { grantHint, type Verb } from './grant.ts'

/** Failure as the API reports it. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface KubeStatus {
  readonly kind?: string
  readonly status?: string
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: {
    readonly name?: string
    readonly kind?: string
    readonly causes?: readonly { reason?: string; message?: string }[]
  }
}

/**
 * Message of a webhook or a policy. It may refuse anything, exec too, with any status; a policy that sets none answers 422
 * (https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/).
 */
const admission = /^admission webhook "|: ValidatingAdmissionPolicy '/

/** Purpose of a request, in the terms of RBAC. */
export interface KubeAction {
  readonly verb: Verb
  /** `pods`, `pods/exec`. */
  readonly resource: string
  readonly apiGroup?: string
  readonly namespace?: string | undefined
  readonly name?: string
}

/** The server, and what may explain why it refuses the login. */
export interface RefusingServer {
  readonly server: URL
  readonly certificateEndMs?: number | undefined
}

/** Returns the error for an unsuccessful API answer. */
export function toApiError(
  { server, certificateEndMs = Number.POSITIVE_INFINITY }: RefusingServer,
  action: KubeAction,
  httpStatus: number,
  body: string,
): KcapError {
  const status = parseStatus(body)
  const message = status?.message ?? body.trim().slice(0, 300)
  if (httpStatus === 401 && certificateEndMs < Date.now()) {
    const day = new Date(certificateEndMs).toISOString().slice(0, 10)
    return new KcapError(
      'api-unauthorized',
      `cannot log in to "${server.host}": the client certificate of the kubeconfig has expired on ${day} (401)`,
      { hints: ['a new one comes from whoever runs the cluster, with a fresh kubeconfig'] },
    )
  }
  if (httpStatus === 401) {
    return new KcapError(
      'api-unauthorized',
      `cannot log in to "${server.host}": the API server does not accept the login (401)`,
      {
        hints: [
          noted('see whether kubectl can log in', line('kubectl', 'get', 'pods')),
          'a token may have expired; log in again',
        ],
      },
    )
  }
  if (admission.test(message)) return refusedByAdmission(action, message)
  if (httpStatus === 403) return forbidden(action, message)
  const state = message === '' ? `the API server answered ${httpStatus}` : `${message} (${httpStatus})`
  return new KcapError('api-failed', `cannot ${action.verb} ${action.resource} of "${server.host}": ${state}`, {
    hints: [line('kubectl', 'get', '--raw', '/readyz')],
    facts: { httpStatus },
  })
}

/** Returns the error for the refusal of an admission controller. RBAC's refusal differs: it names the user and the verb. */
function refusedByAdmission({ verb, resource, namespace }: KubeAction, message: string): KcapError {
  const place = `in the namespace "${namespace ?? ''}"`
  const what = `cannot ${verb} ${resource} ${place}`
  const [, level, violations] = /violates PodSecurity "([^":]+)[^"]*": (.*)$/s.exec(message) ?? []
  if (level === undefined)
    return new KcapError('admission-refused', `${what}: the cluster refuses it: ${message.slice(0, 400)}`, {
      hints: [
        ...(/ per (Container|Pod) is |exceeded quota/.test(message) ? [smallerHint] : []),
        'another route may be open: kcap doctor reports which',
      ],
    })
  return new KcapError(
    'admission-refused',
    `${what}: its pod security level "${level}" does not allow: ${(violations ?? '').slice(0, 400)}`,
    {
      hints: ['a pod on the node may be created elsewhere: --via node-pod --debug-namespace kube-system'],
      facts: { podSecurityLevel: level },
    },
  )
}

/** Hint for refusals by LimitRange and ResourceQuota. */
const smallerHint = 'a pod on a node may ask for other amounts: --debug-memory 128Mi, --debug-cpu 100m'

function forbidden(action: KubeAction, message: string): KcapError {
  const { resource, namespace, apiGroup = '' } = action
  const changes = action.verb === 'create' || action.verb === 'patch'
  if (changes && message !== '' && !/ cannot \w+ resource /.test(message)) return refusedByAdmission(action, message)
  // Exec needs two verbs; the API server names the missing one.
  const verb = (/ cannot (get|create) resource /.exec(message)?.[1] ?? action.verb) as Verb
  return makeDenial({ verb, resource, namespace, apiGroup }, readUser(message))
}

/** Returns the error for a permission that the login lacks, with a hint that grants it. A caller that knows the purpose can grant more. */
export function makeDenial(
  { verb, resource, namespace, apiGroup = '' }: Omit<KubeAction, 'name'>,
  user: string | undefined,
): KcapError {
  const where = namespace === undefined ? 'in all namespaces' : `in the namespace "${namespace}"`
  const verbs: readonly Verb[] =
    resource === 'pods/exec' ? ['get', 'create'] : verb === 'list' ? ['get', 'list', 'watch'] : [verb]
  return new KcapError(
    'api-forbidden',
    `cannot ${verb} ${resource} ${where}: ${user === undefined ? 'this user' : `user "${user}"`} is not allowed to`,
    {
      hints: [
        `the missing right is "${verb}" on "${resource}"`,
        grantHint({
          user,
          purpose: `${verb}-${resource.replaceAll('/', '-')}`,
          rules: [{ namespace, apiGroup, resource, verbs }],
        }),
      ],
      facts: { denied: { user, verb, resource } },
    },
  )
}

/** Returns the user that the API server knows for the login; it quotes the name as Go does. */
function readUser(message: string): string | undefined {
  const quoted = /User ("(?:[^"\\]|\\.)+")/.exec(message)?.[1]
  try {
    return quoted === undefined ? undefined : (JSON.parse(quoted) as string)
  } catch {
    return undefined
  }
}

export function parseStatus(body: string): KubeStatus | undefined {
  const status = readStatus(body)
  return status?.kind === 'Status' ? status : undefined
}

/** Reads a status, even one without its kind; returns undefined when there is none. */
export function readStatus(body: string): KubeStatus | undefined {
  try {
    return fitStatus(JSON.parse(body)) as KubeStatus | undefined
  } catch {
    return undefined
  }
}

const authorityPath = 'jsonpath={.clusters[0].cluster.certificate-authority-data}'

/** Returns hints for an unknown authority: the cluster was set up again after the kubeconfig was written, or somebody intercepts the connection. */
function authorityHints(context: readonly string[]): Hint[] {
  return [
    'the cluster may have been recreated: get a new kubeconfig from whoever runs it, or by aws eks update-kubeconfig, gcloud container clusters get-credentials, az aks get-credentials',
    {
      note: "whom the kubeconfig's certificate-authority-data trusts",
      argv: ['kubectl', 'config', 'view', ...context, '--minify', '--raw', '-o', authorityPath],
      tail: '| base64 -d | openssl x509 -noout -subject -dates',
    },
  ]
}

/** Returns the error for a failure below HTTP: no connection, no trust, no answer. */
export function toConnectError(server: URL, error: unknown, context?: string): KcapError {
  if (error instanceof KcapError) return error
  const flags = context === undefined ? [] : contextWords(context)
  const { kind, state } = explainConnectFailure(error)
  if (kind !== 'connection') {
    return new KcapError('api-certificate', `cannot trust the API server "${server.host}": ${state}`, {
      hints: [
        ...(kind === 'authority' ? authorityHints(flags) : []),
        {
          note: 'whose certificate the server shows',
          argv: ['openssl', 's_client', '-connect', `${server.hostname}:${server.port || 443}`],
          tail: '</dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates',
        },
      ],
      cause: error,
    })
  }
  return new KcapError('api-unreachable', `cannot reach the API server "${server.host}": ${state}`, {
    hints: [
      'is the VPN up? is this the right cluster? kcap list contexts',
      line('kubectl', ...flags, 'get', '--raw', '/readyz'),
    ],
    cause: error,
  })
}
