import { exitCodes } from '../base/error-codes.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import type { TableDetail } from '../kube/read-table.ts'
import { findResourceKind, type ResourceKind } from '../kube/resource-kinds.ts'
import { applySettings } from '../request/apply-settings.ts'
import { commandTable } from '../request/command-table.ts'
import { makeClusterScope, makeRequest, readSelector } from '../request/make-request.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { refuseSurplusWords } from '../request/surplus-words.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { formatListing, type ListFormat, listFormats, printLines } from './format-list.ts'
import { listContainerRows } from './list-containers.ts'
import { listObjects } from './list-objects.ts'
import type { ListTable } from './list-row.ts'

type Listed = ResourceKind | 'contexts' | 'containers' | 'interfaces'

const loginTimeoutMs = 60_000

/**
 * Runs `kcap list [WHAT] [-o wide|json|yaml|name]` and `kcap list interfaces TARGET`.
 * @throws {KcapError} usage — when the format or the kind is unknown
 */
export async function list(argv: readonly string[]): Promise<number> {
  const parsed = applySettings(parseArguments(argv, { more: commandTable.list.options }), await loadSettings())
  const [word = 'pods', ...targets] = parsed.words
  const what = findListed(word)
  if (what !== 'interfaces') refuseSurplusWords('list', targets, 0)
  const format = (parsed.text('output') ?? 'table') as ListFormat
  if (!listFormats.includes(format))
    throw new KcapError('usage', `cannot use -o "${format}": must be one of: ${listFormats.join(', ')}`, {
      hints: [line('kcap', 'list', 'pods', '-o', 'name')],
    })
  const stop = watchForStop({ followParent: false })
  try {
    const listing = await readListing(what, parsed, targets, detailOf(format), stop.signal)
    await printLines(formatListing(listing, format, !parsed.flag('no-headers')))
    const isTable = format === 'table' || format === 'wide'
    if (listing.count === 0 && isTable && listing.noneText !== undefined) process.stderr.write(`${listing.noneText}\n`)
    return exitCodes.done
  } finally {
    stop.close()
  }
}

function detailOf(format: ListFormat): TableDetail {
  if (format === 'name') return 'names'
  return format === 'table' ? 'usual' : 'wide'
}

function findListed(word: string): Listed {
  if (word === 'contexts' || word === 'containers' || word === 'interfaces') return word
  const kind = findResourceKind(word)
  if (kind !== undefined) return kind
  const near = findSimilarNames(word, commandTable.list.words, 2)
  throw new KcapError('usage', `cannot list "${word}": kcap does not list it`, {
    hints: [...near.map((name) => line('kcap', 'list', name)), line('kcap', 'list', '--help')],
  })
}

async function readListing(
  what: Listed,
  parsed: ParsedArguments,
  targets: readonly string[],
  detail: TableDetail,
  signal: AbortSignal,
): Promise<ListTable> {
  if (what === 'contexts') return listContexts(parsed)
  const run = { signal, timeoutMs: loginTimeoutMs, interactive: process.stdin.isTTY === true }
  if (what === 'interfaces') {
    const request = makeRequest({ ...parsed, words: targets }, { output: { kind: 'stdout' }, commandLine: '' })
    // Loaded here only, because it brings in everything a capture needs.
    const { listTargetInterfaces } = await import('../session/list-target-interfaces.ts')
    const rows = (await listTargetInterfaces(request, run)).map(({ name, state }) => ({ name, state }))
    const columns = [
      { key: 'name', title: 'NAME' },
      { key: 'state', title: 'STATE' },
    ]
    return { columns, count: rows.length, rows: () => rows, nameOf: ({ name }) => name as string }
  }
  const access = await openCluster({ ...makeClusterScope(parsed), ...run })
  try {
    const namespace = parsed.flag('all-namespaces') ? undefined : (parsed.text('namespace') ?? access.namespace)
    const onCut = () => process.stderr.write('kcap: the list is cut: -n NAMESPACE and -l SELECTOR narrow it\n')
    const options = { namespace, labelSelector: readSelector(parsed), onCut, signal }
    if (what === 'containers') return await listContainerRows(access, options)
    const isEverywhere = what === 'node' || what === 'ns'
    return await listObjects(access, what, { ...options, detail, ...(isEverywhere && { namespace: undefined }) })
  } finally {
    access.close()
  }
}

function listContexts(parsed: ParsedArguments): ListTable {
  const config = loadKubeconfig({ paths: makeClusterScope(parsed).kubeconfigPaths })
  const columns = ['name', 'current', 'cluster', 'namespace'].map((key) => ({ key, title: key.toUpperCase() }))
  const rows = [...config.contexts].map(([name, { cluster = '', namespace = '' }]) => ({
    name,
    current: name === config.currentContext ? '*' : '',
    cluster,
    namespace,
  }))
  return { columns, count: rows.length, rows: () => rows, nameOf: ({ name }) => name as string }
}
