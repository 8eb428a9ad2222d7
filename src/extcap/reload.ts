import { setTimeout as sleep } from 'node:timers/promises'
import { toKcapError } from '../base/kcap-error.ts'
import { type ClusterAccess, openCluster } from '../kube/cluster-access.ts'
import { makeClusterPool } from '../kube/cluster-pool.ts'
import { getPod, listNames, listPods } from '../kube/kube-objects.ts'
import { listContainers } from '../kube/pod-containers.ts'
import { applySettings } from '../request/apply-settings.ts'
import { chooseVia } from '../request/choose-via.ts'
import { makeClusterScope, makeTargets } from '../request/make-request.ts'
import { findNodeHost, makeNodeSsh } from '../request/make-ssh-host.ts'
import { findOption, type OptionName } from '../request/option-table.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { listTargetInterfaces } from '../session/list-target-interfaces.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { resolveTargets } from '../target/resolve-targets.ts'
import { applyInterface } from './apply-interface.ts'
import { formatList, formatListFailure } from './dialog.ts'
import { type InterfaceReference, parseInterfaceValue } from './interface-name.ts'
import { type WiresharkArguments, wiresharkWords } from './wireshark-words.ts'

/** Time limit for a reload, during which Wireshark's window is frozen. */
const reloadTimeoutMs = 5_000
/** Maximum number of names of a kind; nobody scrolls further in a dialog's list. */
const mostOffered = 5_000

type LoadList = (
  parsed: WiresharkArguments,
  signal: AbortSignal,
  reference: InterfaceReference | undefined,
) => Promise<string[]>

/** Loaders of the dialog's lists. Each depends on what is chosen in the other fields. */
const loaders: Partial<Record<OptionName, LoadList>> = {
  namespace: loadNamespaces,
  target: loadTargets,
  container: loadContainers,
  iface: loadInterfaces,
}

/**
 * Answers `--extcap-reload-option`: returns the list of one argument, from the cluster or the host, given the other arguments. If it cannot be
 * filled, the list itself shows why. Returns undefined for an option without a list.
 */
export async function reloadList(argv: readonly string[]): Promise<string | undefined> {
  const parsed = parseArguments(argv, { more: wiresharkWords, ignoreUnknown: /^--extcap-/, dropEmpty: true })
  const { name } = findOption(parsed.text('extcap-reload-option')?.replace(/^-+/, '') ?? '') ?? {}
  const load = name && loaders[name]
  if (name === undefined || load === undefined) return undefined
  const chosen = parsed.text(name)
  const reference = parseInterfaceValue(parsed.text('extcap-interface') ?? '')
  const limit = new AbortController()
  const late = sleep(reloadTimeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${reloadTimeoutMs / 1000} s`)
  })
  const answer = async () => {
    const target = await applyInterface(applySettings(parsed, await loadSettings()), limit.signal)
    try {
      return await load(target.parsed, limit.signal, reference)
    } finally {
      await target.close()
    }
  }
  try {
    return formatList(name, await Promise.race([answer(), late]), chosen, reference)
  } catch (error) {
    return formatListFailure(name, explain(error), chosen)
  } finally {
    limit.abort()
  }
}

function explain(error: unknown): string {
  const { code, message, cause } = toKcapError(error)
  return code === 'internal' && cause instanceof Error ? cause.message : message
}

async function withCluster<Answer>(
  parsed: ParsedArguments,
  signal: AbortSignal,
  work: (access: ClusterAccess, namespace: string) => Promise<Answer>,
): Promise<Answer> {
  const scope = makeClusterScope(parsed)
  const access = await openCluster({ ...scope, signal, timeoutMs: reloadTimeoutMs, interactive: false })
  try {
    return await work(access, scope.namespace ?? access.namespace)
  } finally {
    access.close()
  }
}

async function loadNamespaces(parsed: ParsedArguments, signal: AbortSignal): Promise<string[]> {
  return await withCluster(parsed, signal, async (access) =>
    (await listNames(access, 'ns', { limit: mostOffered, signal })).map(({ name }) => name),
  )
}

/**
 * Lists the pods of a workload. In other dialogs, services and workloads come first: they are few, and what people look for. A kind that the login
 * may not list is left out.
 */
async function loadTargets(
  parsed: WiresharkArguments,
  signal: AbortSignal,
  reference: InterfaceReference | undefined,
): Promise<string[]> {
  if (reference?.kind === 'workload') return await loadPodsOf(parsed, signal)
  return await withCluster(parsed, signal, async (access, namespace) => {
    const pods = listPods(access, { namespace, fieldSelector: 'status.phase=Running', limit: mostOffered, signal })
    const services = listNames(access, 'svc', { namespace, limit: mostOffered, signal }).then((names) =>
      names.map(({ name }) => `svc/${name}`),
    )
    const workloads = (['deploy', 'sts', 'ds'] as const).map(async (kind) =>
      (await listNames(access, kind, { namespace, limit: mostOffered, signal })).map(({ name }) => `${kind}/${name}`),
    )
    const others = await Promise.all([services, ...workloads].map(async (list) => await list.catch(() => [])))
    return [...others.flat(), ...(await pods).map(({ name }) => `pod/${name}`)]
  })
}

/** Lists all pods of the workload, whichever is chosen now. */
async function loadPodsOf(parsed: WiresharkArguments, signal: AbortSignal): Promise<string[]> {
  const unchosen: WiresharkArguments = {
    ...parsed,
    text: (name) => (name === 'target' ? undefined : parsed.text(name)),
  }
  const whole = await applyInterface(unchosen, signal)
  const clusters = makeClusterPool({ signal, timeoutMs: reloadTimeoutMs, interactive: false })
  try {
    const targets = await resolveTargets(makeTargets(whole.parsed), clusters, signal)
    return targets.flatMap((target) => (target.kind === 'pod' ? [`pod/${target.pod}`] : []))
  } finally {
    clusters.close()
    await whole.close()
  }
}

/** Lists the containers of the pod, or of the first pod of a workload or service. */
async function loadContainers(parsed: ParsedArguments, signal: AbortSignal): Promise<string[]> {
  const clusters = makeClusterPool({ signal, timeoutMs: reloadTimeoutMs, interactive: false })
  try {
    const [target] = await resolveTargets(makeTargets(parsed), clusters, signal)
    if (target?.kind !== 'pod') return []
    const pod = await getPod(await clusters.open(target.cluster), target.namespace, target.pod, signal)
    return pod === undefined ? [] : listContainers(pod).map(({ name }) => name)
  } finally {
    clusters.close()
  }
}

async function loadInterfaces(parsed: ParsedArguments, signal: AbortSignal): Promise<string[]> {
  const run = { signal, timeoutMs: reloadTimeoutMs, interactive: false }
  const targets = makeTargets(parsed)
  const nodeSsh = makeNodeSsh((await loadSettings()).nodeSsh, parsed)
  return (
    await listTargetInterfaces(
      { targets, via: chooseVia(parsed, targets, nodeSsh), nodeHost: findNodeHost(parsed, targets), nodeSsh },
      run,
    )
  ).map(({ name }) => name)
}
