import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterScope, TargetName } from '../base/target.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { listNames } from '../kube/kube-objects.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import { makeClusterScope } from '../request/make-request.ts'
import { findTargetOption } from '../request/names-target.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { parseSshAuthority } from '../target/parse-target.ts'
import {
  type ExtcapInterface,
  type InterfaceReference,
  isHashedName,
  isPartOf,
  isValueOf,
  parseInterfaceValue,
} from './interface-name.ts'
import { readRecordTargets } from './record-targets.ts'
import type { WiresharkArguments } from './wireshark-words.ts'

const loginTimeoutMs = 20_000

/** Options of a capture, completed from the interface. `close` ends whatever had to be started for it. */
export interface InterfaceTarget {
  /** Interface; undefined without `--extcap-interface`. */
  readonly reference: InterfaceReference | undefined
  readonly parsed: WiresharkArguments
  /** Recorders of a record; undefined: the options name the target. */
  readonly targets?: readonly TargetName[]
  close(): Promise<void>
}

/**
 * Checks that the dialog of the interface names a target.
 * @throws {KcapError} no-target — when it should and does not
 */
export function refuseNoTarget({ reference, parsed }: InterfaceTarget): void {
  const option = findTargetOption(parsed)
  if (reference?.kind === 'shared' && option === undefined) {
    throw new KcapError('no-target', 'cannot read a shared capture: no link is given', {
      hints: ['open the gear of "kcap: shared capture" and paste the link of the capture'],
    })
  }
  if (reference?.kind === 'ssh' && option === undefined) {
    throw new KcapError('no-target', 'cannot capture by SSH: no host is named', {
      hints: ['open the gear of "kcap: SSH host" and fill in Host'],
    })
  }
  // In a cluster's dialog, the SSH host is the node of a pod.
  if (reference?.kind === 'cluster' && (option === undefined || option === 'ssh-host')) {
    const context = parsed.text('context') ?? ''
    throw new KcapError('no-target', `cannot capture in the cluster "${context}": no pod is named`, {
      hints: [`open the gear of "kcap: cluster ${context}" and choose a pod, workload or service`],
    })
  }
}

/**
 * Completes the options from the interface. Without `--extcap-interface` they stay as they are.
 * @throws {KcapError} usage — when the interface is none of kcap's
 * @throws {KcapError} context-not-found — when no context matches the interface
 * @throws {KcapError} no-target — when the config no longer has the interface's host
 */
export async function applyInterface(parsed: WiresharkArguments, signal: AbortSignal): Promise<InterfaceTarget> {
  const value = parsed.text('extcap-interface')
  if (value === undefined) return { reference: undefined, parsed, close: async () => {} }
  const reference = parseInterfaceValue(value)
  if (reference === undefined) {
    throw new KcapError('usage', `cannot capture from the interface "${value}": it is none of kcap's`, {
      hints: ['kcap-extcap --extcap-interfaces'],
    })
  }
  if (reference.kind === 'demo') {
    const { openDemo } = await import('../demo/open-demo.ts')
    const demo = await openDemo()
    return {
      reference,
      parsed: withTexts(parsed, {
        kubeconfig: demo.kubeconfigPath,
        context: demo.context,
        namespace: demo.namespace,
        pod: demo.pod,
      }),
      close: demo.close,
    }
  }
  if (reference.kind === 'shared') return { reference, parsed: withTexts(parsed, readLink()), close: async () => {} }
  if (reference.kind === 'record') {
    const context = findContext(reference, parsed)
    const targets = await readRecordTargets(reference, { ...makeClusterScope(parsed), context }, signal)
    const texts = { context, namespace: reference.namespace }
    return { reference, parsed: withTexts(parsed, texts), targets, close: async () => {} }
  }
  const values =
    reference.kind === 'ssh' ? await readSshValues(reference) : await readClusterValues(reference, parsed, signal)
  return { reference, parsed: withTexts(parsed, values), close: async () => {} }
}

/** Returns the link that the dialog asked for; `takeSecrets` has put it into the environment. */
function readLink(): Record<string, string> {
  const { KCAP_LINK: link = '' } = process.env
  return link === '' ? {} : { target: link.trim() }
}

/**
 * Returns the options for a host in the config; the dialog's own host needs no more.
 * @throws {KcapError} no-target — when the config has no such host
 */
async function readSshValues({ hostPart }: { hostPart?: string }): Promise<Record<string, string>> {
  if (hostPart === undefined) return {}
  const { sshHosts, file } = await loadSettings()
  const host = sshHosts.find((name) => isPartOf(hostPart, name))
  if (host === undefined) {
    throw new KcapError(
      'no-target',
      `cannot use the host of "kcapssh-${hostPart}": the config has none of that name any more`,
      {
        hints: [`"sshHosts" in ${file}`],
      },
    )
  }
  const authority = parseSshAuthority(host)
  return {
    'ssh-host': authority?.host ?? host,
    ...(authority?.user !== undefined && { 'ssh-user': authority.user }),
    ...(authority?.port !== undefined && { 'ssh-port': String(authority.port) }),
  }
}

async function readClusterValues(
  reference: Extract<InterfaceReference, { kind: 'cluster' | 'pod' | 'workload' }>,
  parsed: ParsedArguments,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { kubeconfigPaths } = makeClusterScope(parsed)
  const context = findContext(reference, parsed)
  if (reference.kind === 'cluster') return { context }
  const name = await findName(reference, { kubeconfigPaths, context }, signal)
  const { namespace } = reference
  if (reference.kind === 'pod') return { context, namespace, pod: name }
  // The dialog can narrow the workload to one of its pods.
  return { context, namespace, target: parsed.text('target') ?? `${reference.workload}/${name}` }
}

/** Returns the context of an interface. */
function findContext(reference: { readonly contextPart: string }, parsed: ParsedArguments): string {
  const config = loadKubeconfig({ paths: makeClusterScope(parsed).kubeconfigPaths })
  const context = [...config.contexts.keys()].find((name) => isPartOf(reference.contextPart, name))
  if (context === undefined) {
    throw new KcapError(
      'context-not-found',
      `cannot use the context of "kcap-${reference.contextPart}": the kubeconfig has none of that name any more`,
      {
        hints: [line('kcap', 'list', 'contexts')],
      },
    )
  }
  return context
}

/** Returns the name of a pod or workload. A value that was cut or carries a hash identifies it only together with their list. */
async function findName(
  reference: Extract<InterfaceReference, { kind: 'pod' | 'workload' }>,
  cluster: Pick<ClusterScope, 'kubeconfigPaths'> & { readonly context: string },
  signal: AbortSignal,
): Promise<string> {
  const { context } = cluster
  const { namespace, value } = reference
  const known = reference.kind === 'pod' ? reference.pod : reference.name
  if (!isHashedName(known)) return known
  const toInterface = (name: string): ExtcapInterface =>
    reference.kind === 'pod'
      ? { kind: 'pod', context, namespace, pod: name }
      : { kind: 'workload', context, namespace, workload: reference.workload, name }
  const listed = reference.kind === 'pod' ? 'pod' : reference.workload
  const access = await openCluster({ ...cluster, signal, timeoutMs: loginTimeoutMs, interactive: false })
  try {
    const rows = await listNames(access, listed, { namespace, signal })
    return rows.find(({ name }) => isValueOf(value, toInterface(name)))?.name ?? known
  } finally {
    access.close()
  }
}

function withTexts(parsed: WiresharkArguments, values: Readonly<Record<string, string>>): WiresharkArguments {
  return { ...parsed, text: (name) => values[name] ?? parsed.text(name) }
}
