import { hostname } from 'node:os'
import type { DebugContainer } from '../base/capture-request.ts'
import { formatHint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { WriteLog } from '../base/log.ts'
import { printable } from '../base/printable.ts'
import { formatTarget, type NodeTarget, type PodTarget } from '../base/target.ts'
import { accountLabel } from '../host/account.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { createNodePod, deleteEndedNodePods, type NodePod } from '../kube/node-pod.ts'
import { makeKeeperArgv } from '../remote/keeper-script.ts'
import { enterPod } from './enter-pod.ts'
import { findNodeStream } from './exec-route.ts'
import type { Route } from './route.ts'

/** Its keeper ends it when kcap is gone; between its start and the capture, and between two captures, it is idle too. */
const idleSeconds = 60
const longestSeconds = 24 * 60 * 60
/** What a capture takes beside its duration. */
const marginSeconds = 300

export interface NodePodsOptions {
  readonly debug: DebugContainer
  /** How long the capture is to last; undefined: until it is stopped. */
  readonly durationMs: number | undefined
  /** Aborts the creation. */
  readonly signal: AbortSignal
  readonly log: WriteLog
  /** What is left behind. */
  readonly tell: (event: string) => void
}

/** Pods on nodes, one for all targets of a node. */
export interface NodePods {
  /** Throws `api-forbidden`, `admission-refused`, `debug-container-failed`. */
  openRoute(target: PodTarget | NodeTarget, access: ClusterAccess): Promise<Route>
  /** Deletes them all. */
  close(): Promise<void>
}

export function makeNodePods({ debug, durationMs, signal, log, tell }: NodePodsOptions): NodePods {
  const pods = new Map<string, Promise<NodePod>>()

  async function create(access: ClusterAccess, namespace: string, node: string): Promise<NodePod> {
    await deleteEndedNodePods(access, namespace, signal)
    const wanted = durationMs === undefined ? longestSeconds : Math.ceil(durationMs / 1000) + marginSeconds
    const created = await createNodePod(access, {
      debug,
      makeCommand: (name) => makeKeeperArgv(idleSeconds, name),
      namespace,
      node,
      owner: printable(`${accountLabel()}@${hostname()} ${process.pid} ${new Date().toISOString()}`),
      deadlineSeconds: Math.min(wanted, longestSeconds),
      signal,
    })
    log(`created the pod ${created.namespace}/${created.pod} on node ${node}`)
    return created
  }

  return {
    async openRoute(target, access) {
      const { node } = target
      if (node === undefined)
        throw new KcapError('pod-not-running', `cannot capture "${formatTarget(target)}": it is on no node yet`, {
          hints: [line('kubectl', 'get', 'pod', '-o', 'wide', '-n', target.namespace)],
        })
      const isOnNode = target.kind === 'node' || target.hostNetwork
      // Refused before anything is created.
      const network = isOnNode ? ({ kind: 'here' } as const) : enterPod(target)
      const place = debug.namespace ?? target.namespace
      const key = `${access.context}/${node}/${place}`
      // Between two captures it may have waited too long.
      const reopen = async (known: NodePod) => ((await known.isRunning()) ? known : await create(access, place, node))
      const opening = pods.get(key)?.then(reopen) ?? create(access, place, node)
      pods.set(key, opening)
      opening.catch(() => {
        if (pods.get(key) === opening) pods.delete(key)
      })
      const { namespace, pod, container } = await opening
      return {
        via: 'node-pod',
        description: `pod "${namespace}/${pod}" on node "${node}" (context ${access.context})`,
        start: (argv, startSignal) => openExecChannel(access, { namespace, pod, container, argv, signal: startSignal }),
        network,
        ownStream: isOnNode ? await findNodeStream(access, signal) : { kind: 'elsewhere' },
        sudo: 'none',
        captureIdPrefix: pod,
        close: async () => {},
      }
    },
    async close() {
      const all = [...pods.values()]
      pods.clear()
      await Promise.all(
        all.map(async (opening) => {
          const pod = await opening.catch(() => undefined)
          if (pod === undefined || (await pod.close())) return
          const remove = formatHint(line('kubectl', 'delete', 'pod', '-n', pod.namespace, pod.pod)) ?? ''
          tell(
            `the pod ${pod.namespace}/${pod.pod} could not be deleted; it stops by itself within ${idleSeconds} s: ${remove}`,
          )
        }),
      )
    },
  }
}
