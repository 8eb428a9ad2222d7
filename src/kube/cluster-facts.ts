import type { V1Namespace } from '@kubernetes/client-node'
import type { ClusterAccess } from './cluster-access.ts'
import { getNode } from './kube-objects.ts'
import { requestObject } from './kube-request.ts'

/** Returns the minor version of the API server: 34 for 1.34, also where it writes `34+`; undefined when it does not say. */
export async function getMinorVersion(access: ClusterAccess, signal: AbortSignal): Promise<number | undefined> {
  const version = await unlessRefused(signal, () =>
    requestObject<{ minor?: string }>(access, {
      path: '/version',
      action: { verb: 'get', resource: 'version' },
      signal,
    }),
  )
  return Number.parseInt(version?.minor ?? '', 10) || undefined
}

/**
 * Returns the pod security level that a namespace enforces: `privileged`, `baseline` or `restricted`; `none` when no label enforces one; `unknown`
 * when the login may not look.
 */
export async function getPodSecurityLevel(
  access: ClusterAccess,
  namespace: string,
  signal: AbortSignal,
): Promise<string> {
  const found = await unlessRefused(signal, () =>
    requestObject<V1Namespace>(access, {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}`,
      action: { verb: 'get', resource: 'namespaces', name: namespace },
      signal,
    }),
  )
  return found === undefined ? 'unknown' : (found.metadata?.labels?.['pod-security.kubernetes.io/enforce'] ?? 'none')
}

/** Returns the operating system of a node: `linux` or `windows`. */
export async function getNodeSystem(
  access: ClusterAccess,
  node: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await unlessRefused(signal, () => getNode(access, node, signal))
  return found?.status?.nodeInfo?.operatingSystem ?? found?.metadata?.labels?.['kubernetes.io/os']
}

async function unlessRefused<Answer>(
  signal: AbortSignal,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
