/** Version of kcap. A gate compares it with package.json, because importing that would cost a file read at every start. */
export const version = '0.1.0'

declare const kcapCommit: string | undefined

/** Commit of the sources; undefined where the build had no git, or nothing was built. */
export const commit = typeof kcapCommit === 'undefined' ? undefined : kcapCommit
