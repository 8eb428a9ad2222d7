import type { ClusterEntry } from './kubeconfig-entries.ts'

const extensionName = 'client.authentication.k8s.io/exec'

/**
 * A cluster as a credential plugin sees it.
 * https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster
 */
export type ExecCluster = Readonly<Record<string, unknown>>

/** Describes a cluster as client-go does (rest/exec.go, ConfigToExecCluster): leaves out absent values, except `config`. */
export function makeExecCluster(cluster: ClusterEntry, authorities: Buffer | undefined): ExecCluster {
  const { server = '', extensions = [] } = cluster
  const extension = extensions.findLast(({ name }) => name === extensionName)?.extension
  const fields = {
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': authorities?.toString('base64'),
    'proxy-url': cluster['proxy-url']?.replace(/^[^:]*/, (scheme) => scheme.toLowerCase()),
    'disable-compression': cluster['disable-compression'],
  }
  return {
    server: stripQuery(server),
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value)),
    config: extension ?? null,
  }
}

/** Removes the query from an address with a path; returns other addresses unchanged. */
function stripQuery(server: string): string {
  return server.replace(/^(\w+:\/\/[^/?#]*\/[^/?#][^?#]*)[?#].*$/, '$1')
}
