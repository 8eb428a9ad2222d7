import { exitCodes } from '../base/error-codes.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printable, printableJson } from '../base/printable.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { listNames, listPods } from '../kube/kube-objects.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeClusterScope, makeRequest } from '../request/make-request.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { listTargetInterfaces } from '../session/list-target-interfaces.ts'
import { loadSettings } from '../settings/load-settings.ts'

type Row = Readonly<Record<string, string>>

const listed = ['contexts', 'namespaces', 'pods', 'services', 'nodes', 'interfaces'] as const
type Listed = (typeof listed)[number]
const formats = ['table', 'json', 'name'] as const
const loginTimeoutMs = 60_000

/** `kcap list [WHAT] [TARGET] [-o table|json|name]` */
export async function list(argv: readonly string[]): Promise<number> {
  const parsed = applySettings(parseArguments(argv), await loadSettings())
  const what = (parsed.words[0] ?? 'pods') as Listed
  const format = parsed.text('output') ?? 'table'
  if (!listed.includes(what))
    throw new KcapError('usage', `cannot list "${what}": it is one of ${listed.join(', ')}`, {
      hints: [line('kcap', 'list', 'pods')],
    })
  if (!formats.some((known) => known === format))
    throw new KcapError('usage', `cannot use -o "${format}": it is one of ${formats.join(', ')}`, {
      hints: [line('kcap', 'list', 'pods', '-o', 'name')],
    })
  const stop = watchForStop({ followParent: false })
  try {
    const rows =
      what === 'contexts'
        ? listContexts(parsed)
        : what === 'interfaces'
          ? await listInterfacesOf(parsed, stop.signal)
          : await listCluster(what, parsed, stop.signal)
    const lines = format === 'name' ? formatNames(rows, what) : format === 'json' ? formatJson(rows) : formatTable(rows)
    await printLines(lines)
    return exitCodes.done
  } finally {
    stop.close()
  }
}

function listContexts(parsed: ParsedArguments): Row[] {
  const config = loadKubeconfig({ paths: makeClusterScope(parsed).kubeconfigPaths })
  return [...config.contexts].map(([name, { cluster = '', namespace = '' }]) => ({
    name,
    current: name === config.currentContext ? '*' : '',
    cluster,
    namespace,
  }))
}

async function listCluster(
  what: 'namespaces' | 'pods' | 'services' | 'nodes',
  parsed: ParsedArguments,
  signal: AbortSignal,
): Promise<Row[]> {
  const access = await openCluster({
    ...makeClusterScope(parsed),
    signal,
    timeoutMs: loginTimeoutMs,
    interactive: process.stdin.isTTY,
  })
  try {
    const wanted = parsed.flag('all-namespaces') ? undefined : parsed.text('namespace')
    const onCut = () => process.stderr.write('kcap: the list is cut: -n NAMESPACE and -l SELECTOR narrow it\n')
    const options = { labelSelector: parsed.text('selector'), onCut, signal }
    if (what === 'namespaces' || what === 'nodes')
      return (await listNames(access, what, options)).map(({ name }) => ({ name }))
    // All namespaces are what a search is for; a login that may not see them all gets its own.
    const attempt = async (namespace: string | undefined): Promise<Row[]> =>
      what === 'pods'
        ? (await listPods(access, { ...options, namespace })).map((row) => ({
            namespace: row.namespace,
            name: row.name,
            status: row.status ?? '',
          }))
        : (await listNames(access, 'services', { ...options, namespace })).map((row) => ({
            namespace: row.namespace ?? '',
            name: row.name,
          }))
    return await attempt(wanted).catch(async (error: unknown) => {
      if (
        wanted !== undefined ||
        parsed.flag('all-namespaces') ||
        !(error instanceof KcapError && error.code === 'api-forbidden')
      )
        throw error
      return await attempt(access.namespace)
    })
  } finally {
    access.close()
  }
}

async function listInterfacesOf(parsed: ParsedArguments, signal: AbortSignal): Promise<Row[]> {
  const request = makeRequest(
    { ...parsed, words: parsed.words.slice(1) },
    { output: { kind: 'stdout' }, commandLine: '' },
  )
  const run = { signal, timeoutMs: loginTimeoutMs, interactive: process.stdin.isTTY }
  return (await listTargetInterfaces(request, run)).map(({ name, state }) => ({ name, state }))
}

const linesAtATime = 1_000

/** Some at a time: a text of all of them would take more memory than the list. */
async function printLines(lines: Iterable<string>): Promise<void> {
  // The write that fails has the error too.
  const ignore = () => {}
  process.stdout.on('error', ignore)
  let waiting: string[] = []
  let isRead = true
  const print = async () => {
    const text = waiting.join('')
    waiting = []
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
        isRead = error?.code !== 'EPIPE'
        if (error && isRead) reject(error)
        else resolve()
      })
    })
  }
  for (const line of lines) {
    if (waiting.push(line) === linesAtATime) await print()
    // As head, which has seen enough.
    if (!isRead) return
  }
  await print()
  if (isRead) process.stdout.off('error', ignore)
}

/** What a target is called by: `NAMESPACE/NAME`. The namespace of a context is only its default. */
function* formatNames(rows: readonly Row[], what: Listed): Generator<string> {
  for (const { namespace, name = '' } of rows)
    yield `${printable(namespace && what !== 'contexts' ? `${namespace}/${name}` : name)}\n`
}

function* formatJson(rows: readonly Row[]): Generator<string> {
  if (rows.length === 0) return yield '[]\n'
  for (const [i, row] of rows.entries())
    yield `${i === 0 ? '[\n' : ',\n'}${printableJson([row], 2).slice('[\n'.length, -'\n]'.length)}`
  yield '\n]\n'
}

function* formatTable(rows: readonly Row[]): Generator<string> {
  const [first] = rows
  if (first === undefined) return
  const columns = Object.keys(first)
  const widths = columns.map((column) =>
    rows.reduce((width, row) => Math.max(width, printable(row[column] ?? '').length), column.length),
  )
  const formatLine = (cells: readonly string[]) =>
    `${cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd()}\n`
  yield formatLine(columns.map((column) => column.toUpperCase()))
  for (const row of rows) yield formatLine(columns.map((column) => printable(row[column] ?? '')))
}
