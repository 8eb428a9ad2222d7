import path from 'node:path'

/**
 * How the user's shell starts kcap: by its own name, or as a plugin of kubectl, which has a program of its own for that.
 * https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
 */
export const programWords: readonly string[] = /^kubectl-kcap(\.cjs)?$/.test(path.basename(process.argv[1] ?? ''))
  ? ['kubectl', 'kcap']
  : ['kcap']
