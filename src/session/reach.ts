import type { CaptureRequest, RouteName } from '../base/capture-request.ts'
import { makeClosing } from '../base/closing.ts'
import { type Hint, line } from '../base/hint.ts'
import { formatTarget, type RoutedTarget, type Target } from '../base/target.ts'
import { type ClusterPool, makeClusterPool } from '../kube/cluster-pool.ts'
import type { AttemptOptions } from '../route/attempt-routes.ts'
import { makeConsent } from '../route/consent.ts'
import { makeNodePods } from '../route/node-pod-route.ts'
import type { SessionContext } from './session-context.ts'

const loginTimeoutMs = 20_000

/** Logins, connections and node pods of a capture. */
export interface Reach {
  readonly clusters: ClusterPool
  readonly routes: AttemptOptions
  /** Logs in to the target's cluster again, unless that happened after `sinceMs`. Rejects when the login fails. */
  renewLogin(target: Target, sinceMs: number): Promise<void>
  /** Deletes the node pods, then closes all connections. Never rejects. */
  close(): Promise<void>
}

/**
 * Makes the logins and connections of a capture. `signal` aborts whatever has not begun. Connections outlive it, because the end of a capture still
 * arrives through them. `sharePort`: the port on which the capture is shared.
 */
export function makeReach(
  request: CaptureRequest,
  context: SessionContext,
  signal: AbortSignal,
  sharePort?: number,
): Reach {
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
        // SSH must not compress what the remote host has compressed, or must not compress.
        mayCompress: request.capture.compression === 'auto',
        log,
        tell,
      },
      nodeHost: request.nodeHost,
      nodeSsh: request.nodeSsh,
      localSudo: request.localSudo,
      ownPorts: [...(request.ownPorts ?? []), ...(sharePort === undefined ? [] : [sharePort])],
      debug,
      nodePods,
      consent: makeConsent(request.consent, askConsent),
      formatCommand: (target, via) => formatCommand(request.commandLine, target, via),
      signal,
      log,
    },
    async renewLogin(target, sinceMs) {
      if (target.kind === 'pod' || target.kind === 'node') await (await clusters.open(target.cluster)).renew(sinceMs)
    },
    close: closing.close,
  }
}

/** Returns the command that repeats a capture over another route: the user's own command line with the route added. */
export function formatCommand(commandLine: string, target: RoutedTarget, via: RouteName): Hint {
  if (via === 'ssh') return line('kcap', formatTarget(target), '--ssh-host', nodeOf(target))
  return `${commandLine} --via ${via}`
}

function nodeOf(target: RoutedTarget): string {
  if (target.kind === 'ssh') return target.name.host
  return (target.kind === 'local' ? undefined : target.node) ?? 'NODE'
}
