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
import { makeKeepAliveArgv } from '../remote/keep-alive-script.ts'
import { enterPod } from './enter-pod.ts'
import { findNodeStream } from './exec-route.ts'
import type { Route } from './route.ts'

/**
 * Idle time after which the pod's keeper ends it, because kcap is gone. The pod is also idle between its start and the capture, and between two
 * captures.
 */
const idleSeconds = 60
const longestSeconds = 24 * 60 * 60
/** Time that a capture takes in addition to its duration. */
const marginSeconds = 300

export interface NodePodsOptions {
  readonly debug: DebugContainer
  /** Duration of the capture; undefined: until it is stopped. */
  readonly durationMs: number | undefined
  /** Aborts the creation. */
  readonly signal: AbortSignal
  readonly log: WriteLog
  /** Reports leftovers. */
  readonly tell: (event: string) => void
}

/** Node pods; all targets of a node share one. */
export interface NodePods {
  /**
   * Opens a route through the pod on the target's node; creates the pod if there is none.
   * @throws {KcapError} pod-not-running — when the target is on no node yet
   * @throws {KcapError} pod-not-on-node — when nothing identifies the target on its node
   * @throws {KcapError} api-forbidden, admission-refused, namespace-not-found, debug-container-failed — when the pod can't be created
   */
  openRoute(target: PodTarget | NodeTarget, access: ClusterAccess): Promise<Route>
  /** Deletes all pods. */
  close(): Promise<void>
}

export function makeNodePods({ debug, durationMs, signal, log, tell }: NodePodsOptions): NodePods {
  const pods = new Map<string, Promise<NodePod>>()

  async function create(access: ClusterAccess, namespace: string, node: string): Promise<NodePod> {
    await deleteEndedNodePods(access, namespace, signal)
    const wanted = durationMs === undefined ? longestSeconds : Math.ceil(durationMs / 1000) + marginSeconds
    const created = await createNodePod(access, {
      debug,
      makeCommand: (name) => makeKeepAliveArgv(idleSeconds, name),
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
      // Refuse before anything is created.
      const network = isOnNode ? ({ kind: 'here' } as const) : enterPod(target)
      const place = debug.namespace ?? target.namespace
      const key = `${access.context}/${node}/${place}`
      // The pod may have been idle for too long between two captures.
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
