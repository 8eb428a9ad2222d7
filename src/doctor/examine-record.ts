import { exitCodes } from '../base/error-codes.ts'
import { formatHint, line } from '../base/hint.ts'
import { printable, printableJson } from '../base/printable.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { getUserName, mayDo } from '../kube/access-review.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { getPodSecurityLevel } from '../kube/cluster-facts.ts'
import { formatGrant, type Verb } from '../kube/grant.ts'
import { applySettings } from '../request/apply-settings.ts'
import { commandTable } from '../request/command-table.ts'
import { makeClusterScope } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { listRecordRights, type RecordPlace } from './record-rights.ts'

const loginTimeoutMs = 20_000
/** Namespace label with the pod security level. https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
const levelLabel = 'pod-security.kubernetes.io/enforce'

interface ReviewedVerb {
  readonly verb: Verb
  readonly resource: string
  readonly namespace: string
  /** Undefined: the API server does not say. */
  readonly allowed: boolean | undefined
}

/** What decides whether pods of a namespace can be recorded. */
interface RecordExamination extends RecordPlace {
  readonly context: string
  readonly user: string | undefined
  readonly podSecurity: string
  readonly rights: readonly ReviewedVerb[]
}

/**
 * Runs `kcap doctor --record [-n NS]`: reports which rights and which pod security level a record needs there, and what grants them. Exits with 5 when
 * something is missing.
 */
export async function examineRecord(argv: readonly string[]): Promise<number> {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv, { more: commandTable.doctor.options }), settings)
  const stop = watchForStop({ followParent: false })
  const { signal } = stop
  const interactive = process.stdin.isTTY === true
  const access = await openCluster({ ...makeClusterScope(parsed), signal, timeoutMs: loginTimeoutMs, interactive })
  try {
    const namespace = parsed.text('namespace') ?? access.namespace
    const recorderNamespace = parsed.text('debug-namespace') ?? settings.debug.namespace ?? namespace
    const place = { namespace, recorderNamespace }
    const wanted = listRecordRights(place).flatMap(({ verbs, ...rule }) => verbs.map((verb) => ({ ...rule, verb })))
    const [user, podSecurity, ...answers] = await Promise.all([
      getUserName(access, signal),
      getPodSecurityLevel(access, recorderNamespace, signal),
      ...wanted.map((right) => mayDo(access, right, signal)),
    ])
    const rights = wanted.map(({ verb, resource, namespace: where = '' }, i) => ({
      verb,
      resource,
      namespace: where,
      allowed: answers[i],
    }))
    const found = { ...place, context: access.context, user, podSecurity, rights }
    const isJson = parsed.text('output') === 'json' || parsed.flag('json')
    await writeAnswer(isJson ? `${printableJson(found, 2)}\n` : formatExamination(found))
    const isOpen = rights.every(({ allowed }) => allowed !== false) && allowsRecorders(podSecurity)
    return isOpen ? exitCodes.done : exitCodes.notPermitted
  } finally {
    access.close()
    stop.close()
  }
}

/** Reports whether a pod security level allows host namespaces and the capabilities of a recorder. */
function allowsRecorders(level: string): boolean {
  return level === 'none' || level === 'unknown' || level === 'privileged'
}

function formatExamination({
  context,
  namespace,
  recorderNamespace,
  user,
  podSecurity,
  rights,
}: RecordExamination): string {
  const missing = rights.filter(({ allowed }) => allowed === false)
  const verbs = new Map<string, string[]>()
  for (const { verb, resource, namespace: where, allowed } of rights) {
    const key = where === namespace ? resource : `${resource} in ${where}`
    verbs.set(key, [...(verbs.get(key) ?? []), `${allowed === undefined ? '?' : allowed ? '+' : '-'}${verb}`])
  }
  const label = line('kubectl', 'label', 'namespace', recorderNamespace, `${levelLabel}=privileged`)
  const level = allowsRecorders(podSecurity)
    ? `ok security   ${podSecurity === 'none' ? 'none enforced' : podSecurity} in ${recorderNamespace}`
    : `!! security   "${podSecurity}" in ${recorderNamespace} refuses pods that enter the network of others`
  const lines = [
    `records of pods in namespace ${namespace}, with jobs in ${recorderNamespace}, in context ${context}`,
    `${missing.length === 0 ? 'ok' : '!!'} rights     ${[...verbs].map(([what, marks]) => `${what}: ${marks.join(' ')}`).join('; ')}`,
    level,
    ...(allowsRecorders(podSecurity)
      ? []
      : [
          `             hint: ${formatHint(label)}`,
          '             hint: recorders may run in another namespace than the pods: --debug-namespace NS',
        ]),
  ].map((text) => `${printable(text)}\n`)
  if (missing.length === 0) return lines.join('')
  const rules = listRecordRights({ namespace, recorderNamespace })
  const yaml = formatGrant({ user, purpose: `record:${namespace}`, rules })
  return `${lines.join('')}\n# What the login lacks; someone who may grant it: kubectl apply -f -\n${yaml}`
}
