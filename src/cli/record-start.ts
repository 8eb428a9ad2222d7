import { exitCodes } from '../base/error-codes.ts'
import { formatHint, type HintScope, line, noted } from '../base/hint.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { formatYaml } from '../kube/format-yaml.ts'
import { awaitRecorders } from '../record/await-recorders.ts'
import { checkRecord, createRecord } from '../record/create-record.ts'
import { deleteRecord } from '../record/delete-record.ts'
import { findRecords } from '../record/find-records.ts'
import { planRecord } from '../record/plan-record.ts'
import { jobName, makeRecorderJob, makeRecordRights, type RecordSpec } from '../record/record-objects.ts'
import { type Selection, selectPods } from '../record/select-pods.ts'
import { readClusterScope } from '../request/cluster-scope.ts'
import { makeTargets } from '../request/make-request.ts'
import { isTerminal, type RecordCluster, withRecordCluster } from './record-cluster.ts'
import { formatBytes, printNote } from './report.ts'

/** Maximum number of recorders that are named when they do not record. */
const mostNamed = 5

/**
 * Runs `kcap record start TARGET…`: creates a job on each node that has such pods, and waits until all record. With `--name` of a record that runs,
 * adds the nodes that it lacks.
 * @throws {KcapError} no-target — when no target is named
 * @throws {KcapError} consent-missing — when nobody has allowed it
 * @throws {KcapError} any code — when a target stands for nothing, or the cluster refuses the objects
 */
export async function startRecord(argv: readonly string[]): Promise<number> {
  return await withRecordCluster(argv, async (cluster) => {
    const { parsed, settings, access, clients, signal } = cluster
    const targets = makeTargets(parsed)
    if (targets.length === 0)
      throw new KcapError('no-target', 'cannot record: no target is named', {
        hints: [line('kcap', 'record', 'start', 'svc/SERVICE', '-n', 'NAMESPACE')],
      })
    const selection = await selectPods(targets, access, signal)
    const spec = planRecord(parsed, settings, targets, selection, access.namespace)
    if (parsed.flag('dry-run')) return await printObjects(spec, selection)
    const [running] = await findRecords(access, { namespace: spec.namespace, name: spec.name, signal })
    const nodes = selection.nodes.filter((node) => !running?.jobs.includes(jobName(spec.name, node)))
    await askConsent(cluster, spec, nodes)
    if (nodes.length > 0) await checkRecord(clients, spec, nodes[0] as string)
    try {
      await createRecord(clients, spec, nodes)
      return await reportStart(cluster, spec)
    } catch (error) {
      if (running === undefined) await removeAgain(cluster, spec, selection)
      throw error
    }
  })
}

/** Prints what would be created, for review and for tools that apply it. */
async function printObjects(spec: RecordSpec, { nodes }: Selection): Promise<number> {
  const { account, roles, bindings } = makeRecordRights(spec)
  const jobs = nodes.map((node) => makeRecorderJob(spec, node))
  const objects = [...(account === undefined ? [] : [account]), ...roles, ...bindings, ...jobs]
  return (await writeAnswer(formatYaml(objects))) || exitCodes.done
}

async function askConsent({ parsed, settings, signal }: RecordCluster, spec: RecordSpec, nodes: readonly string[]) {
  if (parsed.flag('yes') || settings.consent.includes('node-pod') || nodes.length === 0) return
  const what = nodes.length === 1 ? `node ${nodes[0]}` : `${nodes.length} nodes`
  const until = new Date(spec.description.untilMs).toISOString().slice(0, 16).replace('T', ' ')
  const keep = formatBytes(spec.description.keepBytes)
  const question = [
    `A record of ${spec.description.targets} creates a job in namespace ${spec.namespace} for ${what}.`,
    `  Its pod sees the network of that node, keeps up to ${keep} there, and ends at ${until} UTC at the latest.`,
    'Create it?',
  ].join('\n')
  if (!isTerminal())
    throw new KcapError(
      'consent-missing',
      `cannot record "${spec.description.targets}": this creates jobs: allow it with --yes`,
      {
        hints: [line('kcap', 'record', 'start', '--dry-run', '-o', 'yaml', spec.description.targets)],
      },
    )
  const { makeQuestions } = await import('../prompt/ask.ts')
  if (await makeQuestions(signal).askConsent(question)) return
  signal.throwIfAborted()
  throw new KcapError('consent-missing', `cannot record "${spec.description.targets}": it was not allowed`, {
    hints: ['kcap record start --yes'],
  })
}

async function reportStart({ parsed, access, signal }: RecordCluster, spec: RecordSpec): Promise<number> {
  const { name, namespace } = spec
  const isQuiet = parsed.flag('quiet')
  let last = ''
  const missing = await awaitRecorders(access, {
    name,
    namespace,
    signal,
    onChange(recording, total) {
      const text = `${recording} of ${total} recorders record`
      if (text !== last && !isQuiet) printNote(text)
      last = text
    },
  })
  for (const { node, state } of missing.slice(0, mostNamed)) printNote(`node ${node} does not record: ${state}`)
  if (missing.length > mostNamed) printNote(`… and ${missing.length - mostNamed} others`)
  await writeAnswer(`${name}\n`)
  if (!isQuiet) for (const text of formatNext(name, namespace)) printNote(text)
  return missing.length === 0 ? exitCodes.done : exitCodes.failed
}

function formatNext(name: string, namespace: string): string[] {
  const scope: HintScope = readClusterScope(process.argv.slice(2))
  const hint = (note: string, ...words: string[]) =>
    formatHint(noted(note, line('kcap', 'record', ...words, '-n', namespace)), scope) ?? ''
  return [
    hint('watch it', 'attach', name, '--wireshark'),
    hint('read the last minutes', 'fetch', name, '--last', '10m'),
    hint('end it', 'stop', name),
  ].map(printable)
}

/** Removes what was created, because the start as a whole has failed or was interrupted. */
async function removeAgain({ access, clients }: RecordCluster, spec: RecordSpec, { nodes }: Selection): Promise<void> {
  const { name, namespace, description, owner } = spec
  const jobs = nodes.map((node) => jobName(name, node))
  const created = { ...description, name, namespace, owner, startedMs: 0, jobs, recorders: [] }
  try {
    // The user's signal has been aborted already.
    await deleteRecord(clients, access, created, AbortSignal.timeout(removeTimeoutMs))
  } catch (error) {
    printNote(`the record ${name} could not be removed: ${toKcapError(error).message}`)
  }
}

const removeTimeoutMs = 60_000
