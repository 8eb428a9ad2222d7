import { KcapError } from '../base/kcap-error.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { listPods } from '../kube/kube-objects.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import { type InterfaceReference, isContextPart, isValueOf, parseInterfaceValue } from './interface-name.ts'

const loginTimeoutMs = 20_000

/** Options of a capture with what the interface says put in; `close` ends what had to be started for it. */
export interface InterfaceTarget {
  readonly parsed: ParsedArguments
  close(): Promise<void>
}

/** Without `--extcap-interface` the options stand for themselves. Throws `usage` for an interface that is not ours, and `context-not-found`. */
export async function applyInterface(parsed: ParsedArguments, signal: AbortSignal): Promise<InterfaceTarget> {
  const value = parsed.text('extcap-interface')
  if (value === undefined) return { parsed, close: async () => {} }
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
      parsed: withTexts(parsed, {
        kubeconfig: demo.kubeconfigPath,
        context: demo.context,
        namespace: demo.namespace,
        pod: demo.pod,
      }),
      close: demo.close,
    }
  }
  const values = reference.kind === 'ssh' ? readSshValues(parsed) : await readClusterValues(reference, parsed, signal)
  return { parsed: withTexts(parsed, values), close: async () => {} }
}

function readSshValues(parsed: ParsedArguments): Record<string, string> {
  if (parsed.text('ssh-host') !== undefined) return {}
  throw new KcapError('no-target', 'cannot capture by SSH: no host is named', {
    hints: ['open the gear of "kcap: SSH host" and fill in Host'],
  })
}

async function readClusterValues(
  reference: Extract<InterfaceReference, { kind: 'cluster' | 'pod' }>,
  parsed: ParsedArguments,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const kubeconfig = parsed.text('kubeconfig')
  const config = loadKubeconfig({ paths: kubeconfig === undefined ? undefined : [kubeconfig] })
  const context = [...config.contexts.keys()].find((name) => isContextPart(reference.contextPart, name))
  if (context === undefined) {
    throw new KcapError(
      'context-not-found',
      `cannot use the context of "kcap-${reference.contextPart}": the kubeconfig has none of that name any more`,
      {
        hints: ['refresh the interface list: F5', 'kcap list contexts'],
      },
    )
  }
  if (reference.kind === 'pod')
    return { context, namespace: reference.namespace, pod: await findPodName(reference, context, signal) }
  if (parsed.text('pod') === undefined && parsed.text('service') === undefined) {
    throw new KcapError('no-target', `cannot capture in the cluster "${context}": no pod is named`, {
      hints: [`open the gear of "kcap: cluster ${context}" and fill in Pod or service`],
    })
  }
  return { context }
}

/** A value that was cut or told apart by a hash names its pod only together with the list of pods. */
async function findPodName(
  reference: Extract<InterfaceReference, { kind: 'pod' }>,
  context: string,
  signal: AbortSignal,
): Promise<string> {
  const { namespace, pod, value } = reference
  if (!/--[0-9a-f]{6}$/.test(pod)) return pod
  const access = await openCluster({ context, signal, timeoutMs: loginTimeoutMs, interactive: false })
  try {
    const rows = await listPods(access, { namespace, signal })
    return rows.find(({ name }) => isValueOf(value, { kind: 'pod', context, namespace, pod: name }))?.name ?? pod
  } finally {
    access.close()
  }
}

function withTexts(parsed: ParsedArguments, values: Readonly<Record<string, string>>): ParsedArguments {
  return { ...parsed, text: (name) => values[name] ?? parsed.text(name) }
}
