import { containersOf, nameContainers, namesWhere, quote, type SecurityCheck, sortedSet } from './security-check.ts'

const defaultCapabilities: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]
const hostNamespaces = ['hostNetwork', 'hostPID', 'hostIPC'] as const

/**
 * Checks under the ids of k8s.io/pod-security-admission/policy, in the order in which violations are reported. Omits AppArmor,
 * SELinux, sysctls, procMount, Windows and hosts of probes, which a capture never sets.
 */
export const baselineChecks: Readonly<Record<string, SecurityCheck>> = {
  capabilities_baseline(spec) {
    const added = (names: readonly string[] | undefined) =>
      (names ?? []).filter((name) => !defaultCapabilities.includes(name))
    const bad = namesWhere(spec, ({ securityContext }) => added(securityContext?.capabilities?.add).length > 0)
    if (bad.length === 0) return undefined
    const capabilities = containersOf(spec).flatMap(({ securityContext }) => added(securityContext?.capabilities?.add))
    return {
      reason: 'non-default capabilities',
      detail: `${nameContainers(bad)} must not include ${quote(sortedSet(capabilities))} in securityContext.capabilities.add`,
    }
  },
  hostNamespaces(spec) {
    const shared = hostNamespaces.filter((name) => spec[name] === true)
    if (shared.length === 0) return undefined
    return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') }
  },
  hostPathVolumes(spec) {
    const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name)
    if (bad.length === 0) return undefined
    return { reason: 'hostPath volumes', detail: `${bad.length === 1 ? 'volume' : 'volumes'} ${quote(bad)}` }
  },
  hostPorts(spec) {
    const bad = namesWhere(spec, ({ ports }) => (ports ?? []).some(({ hostPort }) => (hostPort ?? 0) !== 0))
    if (bad.length === 0) return undefined
    const ports = sortedSet(
      containersOf(spec).flatMap(({ ports = [] }) =>
        ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)])),
      ),
    )
    return {
      reason: 'hostPort',
      detail: `${nameContainers(bad)} ${bad.length === 1 ? 'uses' : 'use'} ${ports.length === 1 ? 'hostPort' : 'hostPorts'} ${ports.join(', ')}`,
    }
  },
  privileged(spec) {
    const bad = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true)
    if (bad.length === 0) return undefined
    return { reason: 'privileged', detail: `${nameContainers(bad)} must not set securityContext.privileged=true` }
  },
  seccompProfile_baseline(spec) {
    const isBad = (type: string | undefined) => type === 'Unconfined'
    const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile?.type))
    const setters = [
      ...(isBad(spec.securityContext?.seccompProfile?.type) ? ['pod'] : []),
      ...(bad.length > 0 ? [nameContainers(bad)] : []),
    ]
    if (setters.length === 0) return undefined
    return {
      reason: 'seccompProfile',
      detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`,
    }
  },
}
