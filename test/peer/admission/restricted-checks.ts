import type { PodSpec } from '../../../src/demo/cluster/kube-object.ts'
import {
  type Breach,
  containersOf,
  nameContainers,
  namesWhere,
  quote,
  type SecurityCheck,
  sortedSet,
} from './security-check.ts'

const safeProfiles: readonly (string | undefined)[] = ['RuntimeDefault', 'Localhost']
const safeVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const

/** Checks of the baseline that a stricter one replaces. */
export const overriddenChecks: readonly string[] = [
  'capabilities_baseline',
  'hostPathVolumes',
  'seccompProfile_baseline',
]

/** Checks under the ids of k8s.io/pod-security-admission/policy, in the order in which violations are reported. */
export const restrictedChecks: Readonly<Record<string, SecurityCheck>> = {
  allowPrivilegeEscalation(spec) {
    const bad = namesWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
    if (bad.length === 0) return undefined
    return {
      reason: 'allowPrivilegeEscalation != false',
      detail: `${nameContainers(bad)} must set securityContext.allowPrivilegeEscalation=false`,
    }
  },
  capabilities_restricted: checkCapabilities,
  restrictedVolumes(spec) {
    const bad = (spec.volumes ?? []).filter((volume) => safeVolumes.every((type) => volume[type] === undefined))
    if (bad.length === 0) return undefined
    const types = sortedSet(bad.map((volume) => Object.keys(volume).find((field) => field !== 'name') ?? 'unknown'))
    const one = bad.length === 1
    return {
      reason: 'restricted volume types',
      detail: `${one ? 'volume' : 'volumes'} ${quote(bad.map(({ name }) => name))} ${one ? 'uses' : 'use'} restricted volume ${types.length === 1 ? 'type' : 'types'} ${quote(types)}`,
    }
  },
  runAsNonRoot(spec) {
    const ofPod = spec.securityContext?.runAsNonRoot
    const setters = [
      ...(ofPod === false ? ['pod'] : []),
      ...nameAny(namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false)),
    ]
    const reason = 'runAsNonRoot != true'
    if (setters.length > 0)
      return { reason, detail: `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false` }
    const silent = namesWhere(spec, ({ securityContext }) => (securityContext?.runAsNonRoot ?? ofPod) !== true)
    if (silent.length === 0) return undefined
    return { reason, detail: `pod or ${nameContainers(silent)} must set securityContext.runAsNonRoot=true` }
  },
  runAsUser(spec) {
    const setters = [
      ...(spec.securityContext?.runAsUser === 0 ? ['pod'] : []),
      ...nameAny(namesWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0)),
    ]
    if (setters.length === 0) return undefined
    return { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` }
  },
  seccompProfile_restricted: checkSeccompProfile,
}

function checkCapabilities(spec: PodSpec): Breach | undefined {
  const added = (names: readonly string[] | undefined) => (names ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  const keeping = namesWhere(spec, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
  const adding = namesWhere(spec, ({ securityContext }) => added(securityContext?.capabilities?.add).length > 0)
  const capabilities = containersOf(spec).flatMap(({ securityContext }) => added(securityContext?.capabilities?.add))
  const details = [
    ...nameAny(keeping).map((who) => `${who} must set securityContext.capabilities.drop=["ALL"]`),
    ...nameAny(adding).map(
      (who) => `${who} must not include ${quote(sortedSet(capabilities))} in securityContext.capabilities.add`,
    ),
  ]
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

function checkSeccompProfile(spec: PodSpec): Breach | undefined {
  const reason = 'seccompProfile'
  const ofPod = spec.securityContext?.seccompProfile?.type
  const isBad = (type: string | undefined) => type !== undefined && !safeProfiles.includes(type)
  const setters = [
    ...(isBad(ofPod) ? ['pod'] : []),
    ...nameAny(namesWhere(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile?.type))),
  ]
  const values = [ofPod, ...containersOf(spec).map(({ securityContext }) => securityContext?.seccompProfile?.type)]
  if (setters.length > 0) {
    const bad = sortedSet(values.filter((value) => value !== undefined).filter(isBad))
    return {
      reason,
      detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to ${quote(bad)}`,
    }
  }
  const silent = namesWhere(
    spec,
    ({ securityContext }) => (securityContext?.seccompProfile?.type ?? ofPod) === undefined,
  )
  if (silent.length === 0) return undefined
  return {
    reason,
    detail: `pod or ${nameContainers(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

function nameAny(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [nameContainers(names)]
}
