import type { ClusterNames } from '../listing/cluster-names.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import { readAnswer, storeAnswer } from './answer-file.ts'
import { type DialogLists, formatDialog, readDialogLists } from './dialog.ts'
import { formatInterfaceValue, parseInterfaceValue } from './interface-name.ts'
import { mergeLists, noteChoices, readRecentChoices } from './recent-choices.ts'

/**
 * Writes the dialogs that know more than the launcher's own: those of clusters, whose lists begin with what the listing found, and those with earlier
 * choices.
 */
export function writeKnownDialogs(
  listed: readonly string[],
  clusters: readonly { readonly context: string; readonly names: ClusterNames | undefined }[],
): void {
  const found = new Map(
    clusters.map(({ context, names }) => [formatInterfaceValue({ kind: 'cluster', context }), toLists(names)]),
  )
  const recent = readRecentChoices()
  for (const value of new Set([...found.keys(), ...listed.filter((name) => recent[name] !== undefined)]))
    writeDialog(value, mergeLists(recent[value] ?? {}, found.get(value) ?? {}))
}

/** Adds the choices of a capture to the lists of its interface. */
export function rememberChoices(value: string, parsed: ParsedArguments): void {
  try {
    const chosen = noteChoices(value, parsed)
    if (chosen === undefined) return
    const known = readKnownDialog(value)
    writeDialog(value, mergeLists(chosen, known === undefined ? {} : readDialogLists(known)))
  } catch {
    // Without a writable folder, the lists begin with the cluster's own entries.
  }
}

/** Returns the stored dialog for this kubeconfig; undefined if there is none. */
export function readKnownDialog(value: string): string | undefined {
  return readAnswer(value, (key) => key === kubeconfigKey())
}

function writeDialog(value: string, lists: DialogLists): void {
  const reference = parseInterfaceValue(value)
  if (reference !== undefined) storeAnswer(value, kubeconfigKey(), formatDialog(reference, lists))
}

/** Returns the key of stored dialogs. Two kubeconfigs may have contexts of the same name. */
function kubeconfigKey(): string {
  return process.env.KUBECONFIG ?? ''
}

function toLists(names: ClusterNames | undefined): DialogLists {
  if (names === undefined) return {}
  return {
    namespace: names.namespaces,
    // In the same order as a reload.
    target: [
      ...(names.objects ?? []).flatMap(({ kind, namespace, name }) =>
        namespace === names.ownNamespace ? [`${kind}/${name}`] : [],
      ),
      ...names.pods.flatMap(({ namespace, pod }) => (namespace === names.ownNamespace ? [`pod/${pod}`] : [])),
    ],
  }
}
