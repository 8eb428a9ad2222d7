import { homedir } from 'node:os'
import path from 'node:path'

/**
 * Returns the files that kubectl would read, whether they exist or not: those of KUBECONFIG, else `~/.kube/config`.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export function findKubeconfigPaths(environment: NodeJS.ProcessEnv = process.env): string[] {
  const named = (environment.KUBECONFIG ?? '').split(path.delimiter).filter((entry) => entry !== '')
  return named.length > 0 ? named : [path.join(environment.HOME ?? homedir(), '.kube', 'config')]
}
