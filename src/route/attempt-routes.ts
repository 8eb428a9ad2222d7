import type { CreatingRoute, RouteName, Via } from '../base/capture-request.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { formatTarget, type NodeTarget, type PodTarget, type RoutedTarget } from '../base/target.ts'
import type { Consent } from './consent.ts'
import { gatherFacts } from './gather-facts.ts'
import { nameNodeHost } from './name-node-host.ts'
import { type CreatingOptions, createRoute, openRoute, type RouteOptions } from './open-route.ts'
import { type PlannedRoute, planRoutes } from './plan-routes.ts'
import type { Route } from './route.ts'

export interface AttemptOptions extends RouteOptions, CreatingOptions {
  readonly via: Via
  readonly consent: Consent
  /** Returns the user's own command line with this route, ready to paste. */
  readonly formatCommand: (target: RoutedTarget, via: RouteName) => Hint
}

/** A route that may lead to a target. */
export interface RouteAttempt {
  readonly via: RouteName
  /**
   * Opens the route.
   * @throws {KcapError} any code — when something keeps it from being opened
   */
  open(): Promise<Route>
}

/**
 * Routes to a target, in the order to try them. The caller passes the failure of the last route to `next`, which returns the next one. When no route
 * is left, `next` throws the error for all of them.
 */
export type RouteAttempts = AsyncGenerator<RouteAttempt, never, unknown>

/** Errors that another route may avoid. */
const liftedByOtherRoute: readonly ErrorCode[] = [
  'no-shell',
  'no-capture-program',
  'capture-not-permitted',
  'api-forbidden',
  'admission-refused',
]
/** Errors that another route may avoid, and errors of a route itself. */
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
 * Yields the requested route. Without a request, yields kube exec and, only after it has failed, the other routes that the cluster allows.
 * @throws {KcapError} any code — when no route is left; says why the first one failed; its hints describe the others
 */
export async function* attemptRoutes(target: RoutedTarget, options: AttemptOptions): RouteAttempts {
  if (target.kind === 'ssh') throw yield attempt(target, 'ssh', options)
  if (target.kind === 'local') throw yield attempt(target, 'local', options)
  if (target.kind === 'node') return yield* attemptNode(target, options)
  if (options.via !== 'auto') throw yield attempt(target, options.via, options)
  const first: RouteName = options.nodeHost === undefined ? 'exec' : 'ssh'
  const failure = yield attempt(target, first, options)
  if (first !== 'exec' || !isOneOf(failure, liftedByOtherRoute)) throw failure
  return yield* attemptOthers(target, failure, options)
}

/** Yields SSH where the config says how to reach the node, because SSH creates nothing; otherwise, or after a failure, a pod on the node. */
async function* attemptNode(target: NodeTarget, options: AttemptOptions): RouteAttempts {
  const { via, consent, log } = options
  if (via === 'local') throw yield attempt(target, via, options)
  let notBySsh: readonly string[] = []
  if (via === 'ssh' || (via === 'auto' && nameNodeHost(target, options) !== undefined)) {
    const failure = yield attempt(target, 'ssh', options)
    if (via === 'ssh' || !isOneOf(failure, failuresOfRoute)) throw failure
    log(`${formatTarget(target)}: not via ssh: ${failure.message}`, {
      component: 'route',
      target: formatTarget(target),
    })
    notBySsh = [`not via ssh: ${failure.message}`]
  }
  if ((await consent.mayCreate(formatTarget(target), ['node-pod'])).has('node-pod'))
    throw yield attempt(target, 'node-pod', options)
  throw new KcapError(
    'consent-missing',
    `cannot capture "${formatTarget(target)}": this creates a temporary pod on the node: allow it with --via node-pod or --yes`,
    { hints: [options.formatCommand(target, 'node-pod'), ...notBySsh] },
  )
}

async function* attemptOthers(target: PodTarget, failure: KcapError, options: AttemptOptions): RouteAttempts {
  const { consent, log } = options
  const access = await options.clusters.open(target.cluster)
  const facts = await gatherFacts(target, access, {
    execFailure: failure,
    debugNamespace: options.debug.namespace,
    sshHost: nameNodeHost(target, options)?.host,
    signal: options.signal,
  })
  const plan = planRoutes(facts, consent.given)
  const creating = plan.filter(({ state }) => state === 'consent').map(({ via }) => via as CreatingRoute)
  /** Failure of the last route into the container: the state of the container is what counts. */
  let last = failure
  const tried = new Map<RouteName, string>()
  for (const { via, state, reason } of plan) {
    if (state === 'refused') {
      log(`${formatTarget(target)}: not via ${via}: ${reason}`, { component: 'route', target: formatTarget(target) })
      continue
    }
    const mayTake =
      state === 'open' || (await consent.mayCreate(formatTarget(target), creating)).has(via as CreatingRoute)
    if (!mayTake) continue
    const error = yield attempt(target, via, options)
    if (!isOneOf(error, failuresOfRoute)) throw error
    log(`${formatTarget(target)}: not via ${via}: ${error.message}`, {
      component: 'route',
      target: formatTarget(target),
    })
    if (via === 'kubectl') {
      tried.set('exec', failure.message)
      last = error
    } else tried.set(via, error.message)
  }
  // Wireshark's dialog has room for the first few lines only.
  const order: readonly PlannedRoute['state'][] = ['consent', 'open', 'refused']
  const routes = plan
    .filter(({ via }) => (tried.has('exec') ? via !== 'kubectl' : via !== 'exec'))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .flatMap((route) => describe(route, tried.get(route.via), target, options))
  const rights = last.facts.denied === undefined && plan.some(({ lacksRight }) => lacksRight)
  throw new KcapError(last.code, last.message, {
    hints: [
      ...last.remedies,
      ...routes,
      ...(rights ? [noted('the rights that open these routes', line('kcap', 'doctor', formatTarget(target)))] : []),
    ],
    cause: last,
    facts: last.facts,
  })
}

/** Describes one route for the person who chooses. */
function describe(
  { via, state, reason, lift }: PlannedRoute,
  failure: string | undefined,
  target: RoutedTarget,
  { formatCommand }: AttemptOptions,
): Hint[] {
  if (failure !== undefined) return [`not via ${via}: ${failure}`]
  if (state === 'consent') return [`via ${via}, if you allow it: ${reason}:`, formatCommand(target, via)]
  if (via === 'ssh') return ['or from its node, if you may log in there:', formatCommand(target, via)]
  if (state !== 'refused') return []
  const refusal = `not via ${via}: ${reason}`
  const [remedy] = lift
  if (remedy === undefined) return [refusal]
  return [typeof remedy === 'string' ? `${refusal}; ${remedy}` : noted(refusal, remedy)]
}

function attempt(target: RoutedTarget, via: RouteName, options: AttemptOptions): RouteAttempt {
  return {
    via,
    open: async () =>
      via === 'ephemeral' || via === 'node-pod'
        ? await createRoute(target as PodTarget | NodeTarget, via, options)
        : await openRoute(target, via, options),
  }
}

function isOneOf(error: unknown, codes: readonly ErrorCode[]): error is KcapError {
  return error instanceof KcapError && codes.includes(error.code)
}
