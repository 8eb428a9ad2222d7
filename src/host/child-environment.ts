/** Variables meant for kcap only, never for the programs it starts. */
const ownSecrets = new Set(['KCAP_LINK', 'KCAP_SSH_PASSWORD', 'KCAP_SUDO_PASSWORD'])
const trustSwitch = 'NODE_TLS_REJECT_UNAUTHORIZED'
let takenSwitch: string | undefined

/**
 * Returns the environment for a program that kcap starts: this process's plus the given variables, or only those if `isWhole`. A value of undefined
 * removes a variable.
 */
export function makeChildEnvironment(
  variables: Readonly<Record<string, string | undefined>> = {},
  isWhole = false,
): NodeJS.ProcessEnv {
  const inherited = isWhole ? {} : { ...process.env, ...(takenSwitch !== undefined && { [trustSwitch]: takenSwitch }) }
  // Windows ignores the case of names.
  const entries = Object.entries({ ...inherited, ...variables }).filter(
    ([name, value]) => value !== undefined && !ownSecrets.has(name.toUpperCase()),
  )
  return Object.fromEntries(entries)
}

/**
 * Removes Node's switch for unchecked TLS from this process. kcap's connections ignore it, but Node would print a warning on standard error, which
 * Wireshark shows as an error. Programs that kcap starts get it back.
 */
export function ignoreTrustSwitch(): void {
  takenSwitch ??= process.env[trustSwitch]
  delete process.env[trustSwitch]
}
