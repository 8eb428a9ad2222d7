import path from 'node:path'

/**
 * Words that start kcap in the user's shell: its own name, or `kubectl kcap` when it runs as a kubectl plugin, which is a separate program.
 * https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
 */
export const programWords: readonly string[] = /^kubectl-kcap(\.cjs)?$/.test(path.basename(process.argv[1] ?? ''))
  ? ['kubectl', 'kcap']
  : ['kcap']
