import type { Status } from '../../../src/demo/api/status.ts'
import type { KubeObject, Pod } from '../../../src/demo/cluster/kube-object.ts'
import { notAdmitted } from '../api/failures.ts'
import { baselineChecks } from './baseline-checks.ts'
import { overriddenChecks, restrictedChecks } from './restricted-checks.ts'
import type { SecurityCheck } from './security-check.ts'

const labelPrefix = 'pod-security.kubernetes.io/'
const pods = { group: '', plural: 'pods' } as const

/** The refusal of a pod by its namespace's level. https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
export function refuseByPodSecurity(namespace: KubeObject, pod: Pod): Status | undefined {
  const level = readLevel(namespace.metadata.labels?.[`${labelPrefix}enforce`])
  const version = namespace.metadata.labels?.[`${labelPrefix}enforce-version`] ?? 'latest'
  const breaches = checksOf(level).flatMap((check) => check(pod.spec) ?? [])
  if (breaches.length === 0) return undefined
  const told = breaches.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
  return notAdmitted(pods, pod.metadata.name, `violates PodSecurity "${level}:${version}": ${told}`)
}

/** Parses a level; a misspelt one counts as the strictest: api/helpers.go, ParseLevel. */
function readLevel(label = 'privileged'): string {
  return ['privileged', 'baseline'].includes(label) ? label : 'restricted'
}

/** Sorted by id, those of the baseline first: policy/registry.go, populate. */
function checksOf(level: string): SecurityCheck[] {
  if (level === 'privileged') return []
  if (level === 'baseline') return Object.values(baselineChecks)
  const kept = Object.entries(baselineChecks).filter(([id]) => !overriddenChecks.includes(id))
  return [...kept.map(([, check]) => check), ...Object.values(restrictedChecks)]
}
