import { findContainerNamed, type Pod } from '../cluster/kube-object.ts'

/**
 * Returns whether a container may open a raw socket. That needs CAP_NET_RAW, which root in a container has unless it was dropped, and other users
 * never have.
 */
export function mayOpenRawSocket(pod: Pod, name: string): boolean {
  const context = { ...pod.spec.securityContext, ...findContainerNamed(pod, name)?.securityContext }
  if ((context.runAsUser ?? 0) !== 0) return false
  if (context.privileged) return true
  const named = (list: readonly string[] | undefined) => list?.some((word) => word === 'ALL' || word === 'NET_RAW')
  return named(context.capabilities?.add) === true || named(context.capabilities?.drop) !== true
}
