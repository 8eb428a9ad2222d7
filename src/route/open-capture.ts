import type { CaptureOptions, CreatingRoute, RouteName, Via } from '../base/capture-request.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { formatTarget, type NodeTarget, type PodTarget, type Target } from '../base/target.ts'
import type { Consent } from './consent.ts'
import { gatherFacts } from './gather-facts.ts'
import { nameNodeHost } from './name-node-host.ts'
import { type CreatingOptions, createRoute, openRoute, type RouteOptions } from './open-route.ts'
import { openSource } from './open-source.ts'
import { type PlannedRoute, planRoutes, whatItLeaves } from './plan-routes.ts'
import type { Route } from './route.ts'

export interface OpenCaptureOptions extends RouteOptions, CreatingOptions {
  readonly via: Via
  readonly consent: Consent
  readonly capture: CaptureOptions
  /** A tcpdump of this machine for containers that have none. */
  readonly uploadPath: string | undefined
  /** The user's words that would go this way, to be pasted. */
  readonly formatCommand: (target: Target, via: RouteName) => Hint
  /** Settles when what must begin before the packets has begun. */
  readonly prepare: (route: Route) => Promise<void>
}

export interface OpenedCapture {
  readonly route: Route
  readonly source: PacketSource
}

/** Another way may lead around these. */
const liftedByOtherRoute: readonly ErrorCode[] = [
  'no-shell',
  'no-capture-program',
  'capture-not-permitted',
  'api-forbidden',
  'admission-refused',
]
/** And these are a way's own. */
const failuresOfRoute: readonly ErrorCode[] = [
  ...liftedByOtherRoute,
  'debug-container-failed',
  'no-ephemeral-containers',
  'kubectl-missing',
  'kubectl-failed',
  'ssh-unreachable',
  'ssh-login-refused',
  'pod-not-on-node',
]

/**
 * Captures a target by the way that was asked for, or by the first that leads there: kube exec, and only when that fails the others, for
 * which the cluster is asked what it allows. Throws why the first failed, with what is known of the others in its hints.
 */
export async function openCapture(target: Target, options: OpenCaptureOptions): Promise<OpenedCapture> {
  if (target.kind === 'ssh') return await go(target, 'ssh', options)
  if (target.kind === 'node') return await openNode(target, options)
  if (options.via !== 'auto') return await go(target, options.via, options)
  const first: RouteName = options.nodeHost === undefined ? 'exec' : 'ssh'
  try {
    return await go(target, first, options)
  } catch (error) {
    if (first !== 'exec' || !isOneOf(error, liftedByOtherRoute)) throw error
    return await goAround(target, error, options)
  }
}

/** A node by SSH, where the config says how, since that creates nothing; else by a pod there. */
async function openNode(target: NodeTarget, options: OpenCaptureOptions): Promise<OpenedCapture> {
  const { via, consent } = options
  const isBySsh = via === 'ssh' || (via === 'auto' && nameNodeHost(target, options) !== undefined)
  let notBySsh: readonly string[] = []
  try {
    if (isBySsh) return await go(target, 'ssh', options)
  } catch (error) {
    if (via === 'ssh' || !isOneOf(error, failuresOfRoute)) throw error
    options.log(`${formatTarget(target)}: not via ssh: ${error.message}`)
    notBySsh = [`not via ssh: ${error.message}`]
  }
  if (await consent.mayCreate('node-pod', formatTarget(target))) return await go(target, 'node-pod', options)
  throw new KcapError(
    'consent-missing',
    `cannot capture "${formatTarget(target)}": ${whatItLeaves['node-pod']}, and nobody has allowed it`,
    { hints: [options.formatCommand(target, 'node-pod'), ...notBySsh] },
  )
}

async function goAround(target: PodTarget, failure: KcapError, options: OpenCaptureOptions): Promise<OpenedCapture> {
  const { consent, log } = options
  const access = await options.clusters.open(target.cluster)
  const facts = await gatherFacts(target, access, {
    execFailure: failure,
    debugNamespace: options.debug.namespace,
    sshHost: nameNodeHost(target, options)?.host,
    signal: options.signal,
  })
  const plan = planRoutes(facts, consent.given)
  /** What the last way met that leads into the container, whose state is what counts. */
  let last = failure
  const tried = new Map<RouteName, string>()
  for (const { via, state, reason } of plan) {
    if (state === 'refused') {
      log(`${formatTarget(target)}: not via ${via}: ${reason}`)
      continue
    }
    if (state === 'consent' && !(await consent.mayCreate(via as CreatingRoute, formatTarget(target)))) continue
    try {
      return await go(target, via, options)
    } catch (error) {
      if (!isOneOf(error, failuresOfRoute)) throw error
      log(`${formatTarget(target)}: not via ${via}: ${error.message}`)
      if (via === 'kubectl') {
        tried.set('exec', failure.message)
        last = error
      } else tried.set(via, error.message)
    }
  }
  // A dialog of Wireshark has room for the first few lines only.
  const order: readonly PlannedRoute['state'][] = ['consent', 'open', 'refused']
  const ways = plan
    .filter(({ via }) => (tried.has('exec') ? via !== 'kubectl' : via !== 'exec'))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .flatMap((route) => describe(route, tried.get(route.via), target, options))
  const rights = plan.some(({ lift }) => lift.length > 1)
  throw new KcapError(last.code, last.message, {
    hints: [
      ...last.remedies,
      ...ways,
      ...(rights ? [noted('the rights that open these ways', line('kcap', 'doctor', formatTarget(target)))] : []),
    ],
    cause: last,
  })
}

/** One way for the person who is to choose. */
function describe(
  { via, state, reason, lift }: PlannedRoute,
  failure: string | undefined,
  target: Target,
  { formatCommand }: OpenCaptureOptions,
): Hint[] {
  if (failure !== undefined) return [`not via ${via}: ${failure}`]
  if (state === 'consent') return [`via ${via}, if you allow it: ${reason}:`, formatCommand(target, via)]
  if (via === 'ssh') return ['or from its node, if you may log in there:', formatCommand(target, via)]
  if (state !== 'refused') return []
  const refusal = `not via ${via}: ${reason}`
  const [remedy] = lift
  if (remedy === undefined || lift.length > 1) return [refusal]
  return [typeof remedy === 'string' ? `${refusal}; ${remedy}` : noted(refusal, remedy)]
}

async function go(target: Target, via: RouteName, options: OpenCaptureOptions): Promise<OpenedCapture> {
  const route =
    via === 'ephemeral' || via === 'node-pod'
      ? await createRoute(target as PodTarget | NodeTarget, via, options)
      : await openRoute(target, via, options)
  options.log(`${formatTarget(target)}: ${route.description}`)
  try {
    await options.prepare(route)
    return { route, source: await openSource(target, route, options) }
  } catch (error) {
    await route.close()
    throw error
  }
}

function isOneOf(error: unknown, codes: readonly ErrorCode[]): error is KcapError {
  return error instanceof KcapError && codes.includes(error.code)
}
