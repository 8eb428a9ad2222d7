import type { Pod } from '../../src/demo/cluster/kube-object.ts'
import type { PeerCluster } from '../peer/start-peer-cluster.ts'

export const namespace = 'default'
const label = { app: 'soak' }

/** Pods of which some are replaced, restarted or cut off, one after the other; the first of them are left in peace. */
export interface ChurningPods {
  /** All pods that ever existed, by `NAMESPACE/NAME`. */
  readonly pods: ReadonlyMap<string, Pod>
  readonly calm: readonly string[]
  readonly counts: Readonly<Record<'replaced' | 'restarted' | 'cut', number>>
  /** Does the next thing to the next pod. */
  churn(): void
}

export function makeChurningPods(cluster: PeerCluster, count: number, calmCount: number): ChurningPods {
  const pods = new Map<string, Pod>()
  const counts = { replaced: 0, restarted: 0, cut: 0 }
  let turn = 0
  const add = () => {
    const name = `soak-${String(pods.size + 1).padStart(5, '0')}`
    pods.set(`${namespace}/${name}`, cluster.addPod({ namespace, name, labels: label }))
    return `${namespace}/${name}`
  }
  const running = Array.from({ length: count }, add)
  return {
    pods,
    calm: running.slice(0, calmCount),
    counts,
    churn() {
      const place = calmCount + (turn % (count - calmCount))
      const pod = running[place] as string
      const kind = (['replaced', 'restarted', 'cut'] as const)[turn++ % 3] ?? 'cut'
      counts[kind] += 1
      if (kind === 'cut') return cluster.cutExecs(pod)
      if (kind === 'restarted') return cluster.restartPod(pod)
      cluster.removePod(pod)
      running[place] = add()
    },
  }
}
