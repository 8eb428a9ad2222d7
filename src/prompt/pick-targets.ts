import { inContext, KcapError } from '../base/kcap-error.ts'
import type { ClusterScope } from '../base/target.ts'
import { type ClusterAccess, openCluster } from '../kube/cluster-access.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import { askPerson, redrawQuestion } from './ask-person.ts'
import type { Choice } from './choice.ts'
import type { PlaceEntry, Taken } from './entry.ts'
import { joinEntries } from './join-entries.ts'
import { listEntries } from './list-entries.ts'
import { makeSearchQuestion } from './search-question.ts'

const loginTimeoutMs = 60_000

/**
 * Lets a person at a terminal search everything that can be captured, in other namespaces and contexts too.
 * @throws {KcapError} no-target — when nothing is chosen
 * @throws {KcapError} — the error of a failed login, or of a cluster that lists nothing
 */
export async function pickTargets(typed: ClusterScope, signal: AbortSignal): Promise<Choice> {
  for (let place: ClusterScope = typed; ; ) {
    const taken = await pickIn(place, typed, signal).catch((error: unknown) => {
      throw inContext(error, place.context)
    })
    signal.throwIfAborted()
    if (taken === undefined || (!('place' in taken) && taken.length === 0))
      throw new KcapError('no-target', 'cannot capture: no target was chosen', {
        hints: ['kcap NAMESPACE/POD', 'kcap list pods'],
      })
    if (!('place' in taken)) return joinEntries(taken, place, typed)
    const { kind, name } = taken.place
    place = kind === 'context' ? { ...typed, context: name, namespace: undefined } : { ...place, namespace: name }
  }
}

/** Shows one context, or one namespace of it. Returns undefined if the person leaves. */
async function pickIn(place: ClusterScope, typed: ClusterScope, signal: AbortSignal): Promise<Taken | undefined> {
  const config = loadKubeconfig({ paths: place.kubeconfigPaths })
  const access = await openCluster({ ...place, config, signal, timeoutMs: loginTimeoutMs, interactive: true })
  const failing = new AbortController()
  const ending = AbortSignal.any([signal, failing.signal])
  try {
    const list = listEntries(access, {
      namespace: place.namespace,
      places: listPlaces(place, typed, access, [...config.contexts.keys()]),
      signal: ending,
      onChange: redrawQuestion,
    })
    const failed = list.ended.catch((error: unknown) => {
      failing.abort()
      if (!signal.aborted) throw error
    })
    failed.catch(() => {})
    const question = makeSearchQuestion({ ...list, context: access.context })
    const taken = await askPerson(question, ending)
    // A failed list withdrew the question; throw its error.
    if (failing.signal.aborted) await failed
    return taken
  } finally {
    failing.abort()
    access.close()
  }
}

/** Lists the places known without a request: all namespaces, and the other contexts. */
function listPlaces(
  { namespace }: ClusterScope,
  typed: ClusterScope,
  { context }: ClusterAccess,
  contexts: readonly string[],
): PlaceEntry[] {
  const widest: PlaceEntry[] =
    namespace === undefined || typed.namespace !== undefined ? [] : [{ kind: 'namespace', name: undefined }]
  return [
    ...widest,
    ...contexts.filter((name) => name !== context).map((name): PlaceEntry => ({ kind: 'context', name })),
  ]
}
