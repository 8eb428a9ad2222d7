import { performance } from 'node:perf_hooks'
import type { DebugContainer } from '../base/capture-request.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'
import { formatTarget, type PodTarget, type SshHostName } from '../base/target.ts'
import { runRemote } from '../capture/run-remote.ts'
import { getUserName } from '../kube/access-review.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { getNode } from '../kube/kube-objects.ts'
import { makeProbeArgv, parseProbe, type RemoteFacts } from '../remote/probe-script.ts'
import { gatherFacts } from '../route/gather-facts.ts'
import { nameNodeHost } from '../route/name-node-host.ts'
import { type PlannedRoute, planRoutes, type RouteFacts } from '../route/plan-routes.ts'
import { examineHost } from './examine-host.ts'
import { type ReviewedRight, reviewRights } from './review-rights.ts'

/** What prevents or allows the capture of a pod. */
export interface Examination {
  readonly target: string
  readonly pod: string
  readonly context: string
  readonly node: {
    readonly name: string | undefined
    readonly system: string | undefined
    readonly architecture: string | undefined
    readonly runtime: string | undefined
  }
  readonly container: {
    readonly name: string
    /** Facts about the container; undefined if no shell answers. */
    readonly facts: RemoteFacts | undefined
    readonly runsAsNonRoot: boolean
    /** Milliseconds that its clock is ahead of this machine's. */
    readonly aheadMs: number | undefined
  }
  readonly facts: RouteFacts
  readonly rights: readonly ReviewedRight[]
  /** User that the API server takes the login for. */
  readonly user: string | undefined
  readonly routes: readonly PlannedRoute[]
  /** Duration of each step. */
  readonly stepsMs: Readonly<Record<string, number>>
}

export interface ExamineOptions {
  readonly debug: DebugContainer
  readonly nodeHost?: SshHostName | undefined
  readonly nodeSsh?: SshHostName | undefined
  readonly signal: AbortSignal
}

const captureTools = ['tcpdump', 'dumpcap', 'tshark']

/** Examines a pod by asking the cluster and the container. Creates nothing. */
export async function examineTarget(
  target: PodTarget,
  access: ClusterAccess,
  { debug, signal, ...hosts }: ExamineOptions,
): Promise<Examination> {
  const nodeHost = nameNodeHost(target, hosts)
  const stepsMs: Record<string, number> = {}
  async function step<Answer>(name: string, work: () => Promise<Answer>): Promise<Answer> {
    const startedMs = performance.now()
    try {
      return await work()
    } finally {
      stepsMs[name] = Math.round(performance.now() - startedMs)
    }
  }
  const probe = await step('exec', () => probeContainer(target, access, signal))
  const facts = await step('rights and levels', () =>
    gatherFacts(target, access, {
      execFailure: probe.failure,
      debugNamespace: debug.namespace,
      sshHost: nodeHost?.host,
      signal,
    }),
  )
  const sshFailure =
    nodeHost === undefined ? undefined : await step('ssh', () => examineHost(target, nodeHost, { signal }))
  const rights = await step('each right', () => reviewRights(access, facts, signal))
  const user = await getUserName(access, signal)
  const node = await step('node', async () =>
    target.node === undefined ? undefined : await getNode(access, target.node, signal).catch(() => undefined),
  )
  const info = node?.status?.nodeInfo
  return {
    target: formatTarget(target),
    pod: target.pod,
    context: access.context,
    node: {
      name: target.node,
      system: info?.operatingSystem,
      architecture: info?.architecture,
      runtime: info?.containerRuntimeVersion,
    },
    container: {
      name: target.container,
      facts: probe.facts,
      runsAsNonRoot: probe.facts?.userId !== undefined && probe.facts.userId !== 0,
      aheadMs: probe.aheadMs,
    },
    facts,
    rights,
    user,
    routes: planRoutes({ ...facts, sshFailure }, new Set()),
    stepsMs,
  }
}

interface Probe {
  readonly facts: RemoteFacts | undefined
  readonly aheadMs: number | undefined
  readonly failure: KcapError | undefined
}

async function probeContainer(target: PodTarget, access: ClusterAccess, signal: AbortSignal): Promise<Probe> {
  const { namespace, pod, container } = target
  try {
    const startedMs = Date.now()
    const start: StartRemoteProcess = (argv, startSignal) =>
      openExecChannel(access, { namespace, pod, container, argv, signal: startSignal })
    const { stdout } = await runRemote(start, makeProbeArgv(), { signal })
    const facts = parseProbe(stdout)
    const middleMs = (startedMs + Date.now()) / 2
    const aheadMs = facts.timeMs === undefined ? undefined : Math.round(facts.timeMs - middleMs)
    return { facts, aheadMs, failure: explain(facts, formatTarget(target)) }
  } catch (error) {
    signal.throwIfAborted()
    return { facts: undefined, aheadMs: undefined, failure: toKcapError(error) }
  }
}

function explain({ programs, mayCapture, userId }: RemoteFacts, name: string): KcapError | undefined {
  if (!captureTools.some((tool) => programs.includes(tool)))
    return new KcapError('no-capture-program', `there is no ${captureTools.join(', no ')} in "${name}"`)
  if (mayCapture === false)
    return new KcapError(
      'capture-not-permitted',
      `user ${userId ?? '?'} of "${name}" has no NET_RAW, which it takes to capture`,
    )
  return undefined
}
