import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import type { ClusterScope } from '../base/target.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { listPods } from '../kube/kube-objects.ts'
import { askPerson } from './ask-person.ts'

const loginTimeoutMs = 60_000

/** Lets a person at a terminal search the running pods; gives `NAMESPACE/POD`. Throws `no-target` when nothing is chosen. */
export async function pickTarget(scope: ClusterScope, signal: AbortSignal): Promise<string> {
  const access = await openCluster({
    kubeconfigPaths: scope.kubeconfigPaths,
    context: scope.context,
    signal,
    timeoutMs: loginTimeoutMs,
    interactive: true,
  })
  try {
    const rows = await listPods(access, {
      namespace: scope.namespace,
      fieldSelector: 'status.phase=Running',
      signal,
    }).catch(async (error: unknown) => {
      if (!(error instanceof KcapError && error.code === 'api-forbidden')) throw error
      return await listPods(access, { namespace: access.namespace, fieldSelector: 'status.phase=Running', signal })
    })
    const names = rows.map(({ namespace, name }) => `${namespace}/${name}`)
    const target = await askPerson<string>(
      {
        type: 'autocomplete',
        message: `pod of ${printable(access.context)} (type to search)`,
        choices: names.map((name) => ({ title: printable(name), value: name })),
        limit: 15,
        suggest: async (input: string, choices) =>
          choices.filter((choice) => input.split(/\s+/).every((word) => choice.title.includes(word))),
      },
      signal,
    )
    if (target === undefined)
      throw new KcapError('no-target', 'cannot capture: no pod was chosen', {
        hints: ['kcap NAMESPACE/POD', 'kcap list pods'],
      })
    return target
  } finally {
    access.close()
  }
}
