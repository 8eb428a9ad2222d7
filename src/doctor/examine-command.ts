import type { DebugContainer } from '../base/capture-request.ts'
import { monotonicClock } from '../base/clock.ts'
import { exitCodes } from '../base/error-codes.ts'
import { formatHint, type Hint } from '../base/hint.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import { printable, printableJson, printableLines } from '../base/printable.ts'
import type { PodTarget } from '../base/target.ts'
import { watchForStop } from '../host/stop-signals.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { makeClusterPool } from '../kube/cluster-pool.ts'
import { applySettings } from '../request/apply-settings.ts'
import { readClusterScope } from '../request/cluster-scope.ts'
import { commandTable } from '../request/command-table.ts'
import { makeRequest } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { makeNodePods } from '../route/node-pod-route.ts'
import { explainDenial } from '../session/explain-denial.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { resolveTargets } from '../target/resolve-targets.ts'
import { type Examination, examineTarget } from './examine-target.ts'
import { formatMissingRights } from './format-rights.ts'

const loginTimeoutMs = 20_000
/** Number of pods to examine; the first ones of a workload or service are enough. */
const maxExamined = 3

/**
 * Runs `kcap doctor TARGET`: reports which routes lead to a pod's packets, and what would open the others. Exits with 6 if none is open. For a link,
 * reports whether it can be read; exits with 4 if not.
 * @throws {KcapError} usage — when the target is no pod, service, workload or stream
 */
export async function examine(argv: readonly string[], tell: (event: string) => void): Promise<number> {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv, { more: commandTable.doctor.options }), settings)
  const isJson = parsed.text('output') === 'json' || parsed.flag('json')
  const request = makeRequest(parsed, {
    output: { kind: 'stdout' },
    commandLine: '',
    settings,
  })
  const stop = watchForStop({ followParent: false })
  const { signal } = stop
  const streams = request.targets.filter((name) => name.kind === 'stream')
  if (streams.length > 0 && streams.length === request.targets.length) {
    const { examineStreams } = await import('./examine-stream.ts')
    return await examineStreams(streams, isJson, signal).finally(stop.close)
  }
  const clusters = makeClusterPool({ signal, timeoutMs: loginTimeoutMs, interactive: process.stdin.isTTY === true })
  try {
    const targets = await resolveTargets(request.targets, clusters, signal, {
      explain: (error, name, home) => explainDenial(error, name, request, home),
    })
    const pods = targets.filter((target): target is PodTarget => target.kind === 'pod').slice(0, maxExamined)
    if (pods.length === 0)
      throw new KcapError(
        'usage',
        'cannot examine this: only pods, services and workloads have routes to choose from',
        {
          hints: ['kcap doctor NAMESPACE/POD'],
        },
      )
    const found: Examined[] = []
    for (const pod of pods) {
      const access = await clusters.open(pod.cluster)
      const examination = await examineTarget(pod, access, { ...request, signal })
      const wantsTrial = parsed.flag('try-image')
      found.push({
        ...examination,
        ...(wantsTrial && { imageTrial: await tryImage(pod, access, request.debug, { signal, tell }) }),
      })
    }
    const text = isJson
      ? `${printableJson(found.map(toJson), 2)}\n`
      : printableLines(found.map(formatExamination).join('\n'))
    await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))
    const hasWay = found.every(({ routes }) => routes.some(({ state }) => state !== 'refused'))
    return hasWay ? exitCodes.done : exitCodes.noCaptureProgram
  } finally {
    clusters.close()
    stop.close()
  }
}

type Examined = Examination & { readonly imageTrial?: ImageTrial }

/** Time the debug image took to start on the node, or why it did not start. */
type ImageTrial = { readonly tookMs: number } | { readonly error: string }

/** Starts the debug image on the pod's node, then ends it. */
async function tryImage(
  pod: PodTarget,
  access: ClusterAccess,
  debug: DebugContainer,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (event: string) => void },
): Promise<ImageTrial> {
  const nodePods = makeNodePods({ debug, durationMs: 60_000, signal, log: () => {}, tell })
  const startedMs = monotonicClock.nowMs()
  try {
    await nodePods.openRoute(pod, access)
    return { tookMs: Math.round(monotonicClock.nowMs() - startedMs) }
  } catch (error) {
    signal.throwIfAborted()
    return { error: toKcapError(error).message }
  } finally {
    await nodePods.close()
  }
}

function formatExamination(found: Examined): string {
  const { target, context, node, container, facts, routes, rights, stepsMs } = found
  const tell = (value: string | number | undefined) => printable(String(value ?? 'unknown'))
  const clock = container.aheadMs === undefined ? 'unknown' : formatAhead(container.aheadMs)
  const lines = [
    `${printable(target)} in context ${printable(context)}`,
    `  node       ${tell(node.name)}: ${tell(node.system)} on ${tell(node.architecture)}, ${tell(node.runtime)}, Kubernetes 1.${tell(facts.minorVersion)}`,
    `  namespace  pod security level: ${describeLevel(facts.podSecurity)}`,
    `  container  ${printable(container.name)}: ${describeContainer(container)}; its clock is ${clock}`,
    `  rights     ${rights.map(({ verb, resource, namespace, allowed }) => `${allowed === undefined ? '?' : allowed ? '+' : '-'}${verb} ${resource}${namespace === facts.namespace ? '' : ` in ${printable(namespace ?? '')}`}`).join(', ')}`,
    ...(found.imageTrial === undefined ? [] : [`  image      ${formatTrial(found.imageTrial)}`]),
    `  took       ${Object.entries(stepsMs)
      .map(([name, ms]) => `${name} ${ms} ms`)
      .join(', ')}`,
    ...routes.flatMap(({ via, state, reason, lift }) => [
      `${state === 'refused' ? '!!' : 'ok'} ${via.padEnd(9)}  ${printable(reason)}${state === 'consent' ? ' (needs your consent)' : ''}`,
      ...(state === 'refused' ? formatLift(lift, context).map((hint) => `             hint: ${printable(hint)}`) : []),
    ]),
  ]
  const user = found.user ?? readUser(facts.execFailure?.message)
  const yaml = formatMissingRights(facts, rights, user, found.pod)
  return `${lines.join('\n')}\n${yaml === '' ? '' : `\n# What the login lacks; someone who may grant it: kubectl apply -f -\n${yaml}`}`
}

function describeLevel(level: string): string {
  return level === 'none' ? 'none enforced' : printable(level)
}

/** Formats hints for scripts, with lines as text. */
function toJson(found: Examination): unknown {
  const routes = found.routes.map((route) => ({ ...route, lift: formatLift(route.lift, found.context) }))
  return { ...found, routes }
}

function formatLift(lift: readonly Hint[], context: string): string[] {
  return lift
    .map((hint) => formatHint(hint, { ...readClusterScope(process.argv.slice(2)), context }))
    .filter((text) => text !== undefined)
}

function formatTrial(trial: ImageTrial): string {
  return 'error' in trial ? printable(trial.error) : `started on the node in ${(trial.tookMs / 1000).toFixed(1)} s`
}

/** Returns the user from a refusal. Before Kubernetes 1.28, only a refusal reveals who the API server takes a login for. */
function readUser(refusal = ''): string | undefined {
  return /the login "([^"]+)" has no right/.exec(refusal)?.[1]
}

/** Formats a clock difference to a tenth of a second, because the round trip takes that long. */
function formatAhead(aheadMs: number): string {
  const seconds = Math.round(aheadMs / 100) / 10
  if (seconds === 0) return 'right'
  return `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'ahead of' : 'behind'} this one`
}

function describeContainer({ facts, runsAsNonRoot }: Examination['container']): string {
  if (facts === undefined) return 'no shell answers in it'
  const { programs, mayCapture } = facts
  const rights =
    mayCapture === undefined ? 'rights unknown' : mayCapture ? 'may capture' : 'may not capture (no NET_RAW)'
  return `${programs.join(', ') || 'no program that kcap could use'}; ${runsAsNonRoot ? 'not root' : 'root'}, ${rights}`
}
