/** Secrets that Wireshark's dialog asks for and must not store. Each becomes the environment variable that a shell would use for it. */
export const secretArguments = [
  {
    name: 'link',
    on: 'shared',
    tab: 'Target',
    variable: 'KCAP_LINK',
    display: 'Link',
    tooltip: 'What "kcap … --serve" printed: kcaps://HOST:PORT/… or tcp://HOST:PORT. It is not saved.',
  },
  {
    name: 'ssh-password',
    on: 'ssh',
    tab: 'SSH',
    variable: 'KCAP_SSH_PASSWORD',
    display: 'Password',
    tooltip: 'Password of the account on the host. It is not saved.',
  },
  {
    name: 'sudo-password',
    on: 'ssh',
    tab: 'SSH',
    variable: 'KCAP_SUDO_PASSWORD',
    display: 'Password for sudo',
    tooltip: 'Password for sudo, where it asks for one. It is not saved.',
  },
] as const

/**
 * Removes the secrets from Wireshark's words, and from what other users of the machine can see of this process (`ps`). Wireshark has no other means
 * to pass on what was typed. The launcher does the same before Node starts; this covers starts without it.
 */
export function takeSecrets(argv: readonly string[]): readonly string[] {
  const rest: string[] = []
  let isFound = false
  for (let i = 0; i < argv.length; i++) {
    const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(argv[i] ?? '') ?? []
    const secret = secretArguments.find((known) => known.name === name)
    if (secret === undefined) {
      rest.push(argv[i] ?? '')
      continue
    }
    isFound = true
    const given = value ?? argv[++i] ?? ''
    if (given !== '') process.env[secret.variable] = given
  }
  if (isFound) process.title = 'kcap-extcap'
  return rest
}
