import type { CaptureRequest } from '../base/capture-request.ts'
import { makeClosing } from '../base/closing.ts'
import type { Target } from '../base/target.ts'
import { type ClusterPool, makeClusterPool } from '../kube/cluster-pool.ts'
import type { AttemptOptions } from '../route/attempt-routes.ts'
import { makeConsent } from '../route/consent.ts'
import { makeNodePods } from '../route/node-pod-route.ts'
import { formatCommand } from './format-command.ts'
import type { SessionContext } from './session-context.ts'

const loginTimeoutMs = 20_000

/** Logins, connections and node pods of a capture. */
export interface Reach {
  readonly clusters: ClusterPool
  readonly routes: AttemptOptions
  /** Logs in to the target's cluster again, unless that was done after `sinceMs`. Rejects when that fails. */
  renewLogin(target: Target, sinceMs: number): Promise<void>
  /** Deletes the pods, then ends all connections. Never rejects. */
  close(): Promise<void>
}

/** `signal` ends what has not begun; connections outlive it, because they bring the end of a capture home. */
export function makeReach(request: CaptureRequest, context: SessionContext, signal: AbortSignal): Reach {
  const { interactive, askSecret, askHostKey, askConsent, log, tell, clock } = context
  const connections = new AbortController()
  const clusters = makeClusterPool({ interactive, signal, timeoutMs: loginTimeoutMs, log, clock })
  const { debug, limits } = request
  const nodePods = makeNodePods({ debug, durationMs: limits.durationMs, signal, log, tell })
  const closing = makeClosing((error) => log(`cannot end the connections: ${(error as Error).message}`))
  closing.add(() => connections.abort())
  closing.add(clusters.close)
  closing.add(nodePods.close)
  return {
    clusters,
    routes: {
      via: request.via,
      clusters,
      ssh: {
        signal: connections.signal,
        askSecret,
        askHostKey,
        answers: new Map(),
        // What the remote side has compressed, or was not to, is not compressed once more on its way.
        mayCompress: request.capture.compression === 'auto',
        log,
        tell,
      },
      nodeHost: request.nodeHost,
      nodeSsh: request.nodeSsh,
      debug,
      nodePods,
      consent: makeConsent(request.consent, askConsent),
      formatCommand: (target, via) => formatCommand(request.commandLine, target, via),
      signal,
      log,
    },
    async renewLogin(target, sinceMs) {
      if (target.kind !== 'ssh') await (await clusters.open(target.cluster)).renew(sinceMs)
    },
    close: closing.close,
  }
}
