import type { V1Pod } from '@kubernetes/client-node'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { formatTarget, type PodSetName, type TargetName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getNode, getPod, readPods } from '../kube/kube-objects.ts'
import { findPodSet, isInSet } from '../target/pod-set.ts'
import { resolvePodSet } from '../target/resolve-pod-set.ts'

/** What recorders capture: each captures the pods of its own node. */
export interface Selection {
  /** Targets of a recorder's command line: `shop/*`, `shop/db-0`, `local` for the network of a node. */
  readonly words: readonly string[]
  /** Label selector of the patterns among them. */
  readonly selector: string | undefined
  /** Namespaces in which the recorders watch pods, sorted. */
  readonly namespaces: readonly string[]
  /** Nodes that have such pods now, sorted. */
  readonly nodes: readonly string[]
}

/** Maximum number of single pods in the command line of a recorder. */
const mostPods = 200

/**
 * Finds what to record, and where it runs. Services and workloads become label selectors, so that a recorder needs no right but to read pods.
 * @throws {KcapError} usage — when one record can't have all of the targets
 * @throws {KcapError} pod-not-found, node-not-found, pod-not-running and others — when a target stands for nothing
 */
export async function selectPods(
  names: readonly TargetName[],
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<Selection> {
  const found: Selection[] = []
  for (const name of names) found.push(await selectOne(name, access, signal))
  const patterns = found.filter(({ words }) => words.some((word) => word.includes('*')))
  const selectors = [...new Set(patterns.map(({ selector }) => selector))]
  if (selectors.length > 1)
    throw new KcapError('usage', 'cannot record these targets together: their pods have different labels', {
      hints: ['start a record for each of them'],
    })
  const words = unique(found.flatMap((one) => one.words))
  const nodes = unique(found.flatMap((one) => one.nodes)).toSorted()
  if (nodes.length === 0) throw nothingRuns()
  return {
    words,
    selector: selectors[0],
    namespaces: unique(found.flatMap(({ namespaces }) => namespaces)).toSorted(),
    nodes,
  }
}

async function selectOne(name: TargetName, access: ClusterAccess, signal: AbortSignal): Promise<Selection> {
  switch (name.kind) {
    case 'ssh':
    case 'local':
    case 'stream':
      throw new KcapError('usage', 'cannot record this target: recorders run on the nodes of a cluster', {
        hints: [line('kcap', 'record', 'start', 'svc/SERVICE', '-n', 'NAMESPACE'), 'kcap TARGET -o FILE'],
      })
    case 'node': {
      if ((await getNode(access, name.node, signal)) === undefined)
        throw new KcapError('node-not-found', `cannot record "node/${name.node}": the cluster has no such node`, {
          hints: [line('kcap', 'list', 'nodes')],
        })
      return { words: ['local'], selector: undefined, namespaces: [], nodes: [name.node] }
    }
    case 'pod': {
      const namespace = name.namespace ?? access.namespace
      const pod = await getPod(access, namespace, name.pod, signal)
      if (pod === undefined)
        throw new KcapError('pod-not-found', `cannot record "${namespace}/${name.pod}": there is no such pod`, {
          hints: [line('kcap', 'list', 'pods', '-n', namespace)],
        })
      return {
        words: [`${namespace}/${name.pod}`],
        selector: undefined,
        namespaces: [namespace],
        nodes: nodesOf([pod]),
      }
    }
    default:
      return await selectSet(name, access, signal)
  }
}

async function selectSet(name: PodSetName, access: ClusterAccess, signal: AbortSignal): Promise<Selection> {
  const set = await findPodSet(name, access, signal)
  // Without a selector only the pods of the moment are known; a name that stands for nothing is refused as for a capture.
  if (set === undefined) return await selectSingly(name, access, signal)
  const nodes = new Set<string>()
  const namespaces = new Set(set.namespace === undefined ? [] : [set.namespace])
  for await (const pods of readPods(access, { ...set, signal })) {
    for (const pod of pods.filter((one) => isInSet(set, one))) {
      for (const node of nodesOf([pod])) nodes.add(node)
      if (set.namespace === undefined) namespaces.add(pod.metadata?.namespace ?? '')
    }
  }
  if (nodes.size === 0) await resolvePodSet(name, access, signal)
  return {
    words: [...namespaces].map((namespace) => `${namespace}/${set.pattern ?? '*'}`),
    selector: set.labelSelector,
    namespaces: [...namespaces],
    nodes: [...nodes],
  }
}

async function selectSingly(name: PodSetName, access: ClusterAccess, signal: AbortSignal): Promise<Selection> {
  const targets = (await resolvePodSet(name, access, signal)).slice(0, mostPods)
  return {
    words: targets.map(formatTarget),
    selector: undefined,
    namespaces: unique(targets.map(({ namespace }) => namespace)),
    nodes: unique(targets.flatMap(({ node }) => node ?? [])),
  }
}

/** Returns the nodes of pods that have not ended. */
function nodesOf(pods: readonly V1Pod[]): string[] {
  return pods
    .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    .flatMap(({ spec }) => spec?.nodeName ?? [])
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function nothingRuns(): KcapError {
  return new KcapError('pod-not-running', 'cannot record: none of the pods is on a node', {
    hints: ['kcap list pods -A -o wide'],
  })
}
