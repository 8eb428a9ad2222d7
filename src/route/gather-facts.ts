import type { KcapError } from '../base/kcap-error.ts'
import type { PodTarget } from '../base/target.ts'
import { hasProgram } from '../host/find-program.ts'
import { mayDo } from '../kube/access-review.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getMinorVersion, getNodeSystem, getPodSecurityLevel } from '../kube/cluster-facts.ts'
import type { Verb } from '../kube/grant.ts'
import type { RouteFacts } from './plan-routes.ts'

export interface GatherOptions {
  readonly execFailure: KcapError | undefined
  /** Namespace of pods on nodes; undefined: the namespace of the pod. */
  readonly debugNamespace: string | undefined
  readonly sshHost: string | undefined
  readonly signal: AbortSignal
}

/** Gathers everything that the plan needs, in parallel. kcap asks for none of it before a capture by exec has failed. */
export async function gatherFacts(
  target: PodTarget,
  access: ClusterAccess,
  { execFailure, debugNamespace, sshHost, signal }: GatherOptions,
): Promise<RouteFacts> {
  const { namespace } = target
  const nodePodNamespace = debugNamespace ?? namespace
  const may = (verb: Verb, resource: string, where: string) =>
    mayDo(access, { verb, resource, namespace: where }, signal)
  const [
    getExec,
    createExec,
    patchEphemeral,
    createPods,
    deletePods,
    getNodeExec,
    createNodeExec,
    minorVersion,
    podSecurity,
    nodePodSecurity,
    system,
    hasKubectl,
  ] = await Promise.all([
    may('get', 'pods/exec', namespace),
    may('create', 'pods/exec', namespace),
    may('patch', 'pods/ephemeralcontainers', namespace),
    may('create', 'pods', nodePodNamespace),
    may('delete', 'pods', nodePodNamespace),
    may('get', 'pods/exec', nodePodNamespace),
    may('create', 'pods/exec', nodePodNamespace),
    getMinorVersion(access, signal),
    getPodSecurityLevel(access, namespace, signal),
    getPodSecurityLevel(access, nodePodNamespace, signal),
    target.node === undefined ? undefined : getNodeSystem(access, target.node, signal),
    hasProgram('kubectl'),
  ])
  return {
    namespace,
    // Only these two fields: facts are also written as JSON, which leaves out an error's message.
    execFailure: execFailure && { code: execFailure.code, message: execFailure.message },
    rights: { getExec, createExec, patchEphemeral, createPods, deletePods, getNodeExec, createNodeExec },
    hasKubectl,
    minorVersion,
    podSecurity,
    nodePodSecurity,
    nodePodNamespace,
    isWindows: system === 'windows',
    isStatic: target.isStatic,
    sshHost,
  }
}
