/** kcap's own, and no business of the programs that it starts. */
const ownSecrets = new Set(['KCAP_SSH_PASSWORD', 'KCAP_SUDO_PASSWORD'])
const trustSwitch = 'NODE_TLS_REJECT_UNAUTHORIZED'
let takenSwitch: string | undefined

/** The environment of a program that kcap starts: this process's, or with `isWhole` nothing of it, and the given variables; undefined takes one away. */
export function makeChildEnvironment(
  variables: Readonly<Record<string, string | undefined>> = {},
  isWhole = false,
): NodeJS.ProcessEnv {
  const inherited = isWhole ? {} : { ...process.env, ...(takenSwitch !== undefined && { [trustSwitch]: takenSwitch }) }
  // Windows takes a name in any case.
  const entries = Object.entries({ ...inherited, ...variables }).filter(
    ([name, value]) => value !== undefined && !ownSecrets.has(name.toUpperCase()),
  )
  return Object.fromEntries(entries)
}

/**
 * Takes Node's switch for unchecked TLS out of this process: kcap's connections do not heed it, but Node would warn of it on standard error, which
 * Wireshark shows as an error. Programs that kcap starts get it back.
 */
export function ignoreTrustSwitch(): void {
  takenSwitch ??= process.env[trustSwitch]
  delete process.env[trustSwitch]
}
