import type { CaptureRequest, Via } from '../base/capture-request.ts'
import { listInterfaces, type RemoteInterface } from '../capture/list-interfaces.ts'
import { type ClusterPool, makeClusterPool } from '../kube/cluster-pool.ts'
import { openRoute, type QuietRoute } from '../route/open-route.ts'
import { resolveTargets } from '../target/resolve-targets.ts'

// Tested by test/cli/commands.test.ts.

export interface ListRun {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly interactive: boolean
}

/**
 * Lists the interfaces where the first of the targets would be captured; none without a target.
 * @throws {KcapError} any code — when a capture there would fail, too
 */
export async function listTargetInterfaces(
  {
    targets,
    via,
    nodeHost,
    nodeSsh,
    localSudo,
  }: Pick<CaptureRequest, 'targets' | 'via' | 'nodeHost' | 'nodeSsh' | 'localSudo'>,
  run: ListRun,
): Promise<readonly RemoteInterface[]> {
  const clusters: ClusterPool = makeClusterPool(run)
  try {
    const [target] = await resolveTargets(targets, clusters, run.signal)
    if (target === undefined) return []
    // A list must not create anything in a cluster, and a stream is read as it is.
    if (target.kind === 'node' || target.kind === 'stream') return []
    const route = await openRoute(target, isQuiet(via) ? via : 'exec', {
      clusters,
      nodeHost,
      nodeSsh,
      localSudo,
      ssh: { signal: run.signal },
      signal: run.signal,
    })
    try {
      return await listInterfaces(route, run.signal)
    } finally {
      await route.close()
    }
  } finally {
    clusters.close()
  }
}

function isQuiet(via: Via): via is QuietRoute {
  return via !== 'auto' && via !== 'ephemeral' && via !== 'node-pod'
}
