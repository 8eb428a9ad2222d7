import type { ClusterScope } from '../base/target.ts'
import type { Choice } from './choice.ts'
import type { TargetEntry } from './entry.ts'

/** Returns why one command line cannot name the entry together with the marked ones; undefined if it can. */
export function refuseTogether(marked: readonly TargetEntry[], entry: TargetEntry): string | undefined {
  const all = [...marked, entry]
  // A service's namespace is an option, which applies to all targets.
  if (all.some(isGroup) && new Set(all.map(({ namespace }) => namespace)).size > 1)
    return 'a service or workload goes with targets of its own namespace only'
  // So is the container.
  if (new Set(all.map(containerOf)).size > 1) return 'a container goes with containers of the same name only'
  return undefined
}

/** Returns the words for entries that go together. `typed` is already on the command line; `place` is where the entries were found. */
export function joinEntries(
  entries: readonly TargetEntry[],
  place: Pick<ClusterScope, 'context'>,
  typed: ClusterScope,
): Choice {
  const [first] = entries
  const namespace = first?.namespace
  const needsNamespace = entries.some(isGroup) || typed.namespace !== undefined
  const container = first && containerOf(first)
  return {
    words: entries.map((entry) =>
      isGroup(entry) ? `${entry.kind}/${entry.name}` : `${entry.namespace}/${entry.name}`,
    ),
    options: {
      ...(place.context !== undefined && place.context !== typed.context && { context: place.context }),
      ...(needsNamespace && namespace !== undefined && namespace !== typed.namespace && { namespace }),
      ...(container !== undefined && container !== typed.container && { container }),
    },
  }
}

function isGroup({ kind }: TargetEntry): boolean {
  return kind !== 'pod' && kind !== 'container'
}

function containerOf(entry: TargetEntry): string | undefined {
  return entry.kind === 'container' ? entry.container : undefined
}
