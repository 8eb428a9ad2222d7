import type { ClusterNames } from '../listing/cluster-names.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import { readAnswer, writeAnswer } from './answer-file.ts'
import { type DialogLists, formatDialog, readDialogLists } from './dialog.ts'
import { formatInterfaceValue, parseInterfaceValue } from './interface-name.ts'
import { mergeLists, noteChoices, readRecentChoices } from './recent-choices.ts'

/**
 * Dialogs that know more than the launcher's own: those of clusters, whose lists begin with what the listing has found, and those in
 * which something was chosen before.
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

/** The choices of a capture are in the lists of its interface from now on. */
export function rememberChoices(value: string, parsed: ParsedArguments): void {
  try {
    const chosen = noteChoices(value, parsed)
    if (chosen === undefined) return
    const known = readKnownDialog(value)
    writeDialog(value, mergeLists(chosen, known === undefined ? {} : readDialogLists(known)))
  } catch {
    // Where nothing can be written the lists begin with what the cluster has.
  }
}

/** The dialog as it was written for this kubeconfig; undefined when there is none. */
export function readKnownDialog(value: string): string | undefined {
  return readAnswer(value, (key) => key === kubeconfigKey())
}

function writeDialog(value: string, lists: DialogLists): void {
  const reference = parseInterfaceValue(value)
  if (reference !== undefined) writeAnswer(value, kubeconfigKey(), formatDialog(reference, lists))
}

/** Contexts of two kubeconfigs may be called the same. */
function kubeconfigKey(): string {
  return process.env.KUBECONFIG ?? ''
}

function toLists(names: ClusterNames | undefined): DialogLists {
  if (names === undefined) return {}
  return {
    namespace: names.namespaces,
    // As a reload lists them.
    target: [
      ...(names.objects ?? []).flatMap(({ kind, namespace, name }) =>
        namespace === names.ownNamespace ? [`${kind}/${name}`] : [],
      ),
      ...names.pods.flatMap(({ namespace, pod }) => (namespace === names.ownNamespace ? [`pod/${pod}`] : [])),
    ],
  }
}
