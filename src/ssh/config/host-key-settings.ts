import type { SshSettings } from './read-ssh-config.ts'

/** Values of `StrictHostKeyChecking`. https://man.openbsd.org/ssh_config */
export type StrictHostKeyChecking = 'yes' | 'ask' | 'accept-new' | 'no'

/** Settings of the ssh config for host keys. Each field is the keyword of the same name in https://man.openbsd.org/ssh_config. */
export interface HostKeySettings {
  readonly userKnownHostsFiles: readonly string[]
  readonly globalKnownHostsFiles: readonly string[]
  readonly hostKeyAlias?: string
  readonly hashKnownHosts: boolean
  readonly strictHostKeyChecking: StrictHostKeyChecking
  readonly revokedHostKeys: readonly string[]
  readonly knownHostsCommand?: string
  readonly verifyHostKeyDns: boolean
  readonly checkHostIp: boolean
  readonly noHostAuthenticationForLocalhost: boolean
  readonly requiredRsaSize: number
  readonly exitOnForwardFailure: boolean
  /** HostKeyAlgorithms as written in a config file, or complete as `ssh -G` prints it. */
  readonly hostKeyAlgorithms?: string
}

const leastRsaBits = 1024

export function readHostKeySettings(settings: SshSettings, expand: (path: string) => string): HostKeySettings {
  const one = (keyword: string) => settings.get(keyword)?.[0]
  const given = (keyword: string) => settings.get(keyword)?.find(isSet)
  const isYes = (keyword: string) => /^(yes|true)$/i.test(one(keyword) ?? '')
  const paths = (keyword: string, defaults = '') => splitPaths(settings.get(keyword)?.join(' ') ?? defaults).map(expand)

  const alias = one('hostkeyalias')
  const knownHostsCommand = given('knownhostscommand')
  const hostKeyAlgorithms = one('hostkeyalgorithms')
  return {
    userKnownHostsFiles: paths('userknownhostsfile', '~/.ssh/known_hosts ~/.ssh/known_hosts2'),
    globalKnownHostsFiles: paths('globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'),
    ...(alias === undefined ? {} : { hostKeyAlias: alias }),
    hashKnownHosts: isYes('hashknownhosts'),
    strictHostKeyChecking: toStrictness(one('stricthostkeychecking')),
    revokedHostKeys: paths('revokedhostkeys'),
    ...(knownHostsCommand === undefined ? {} : { knownHostsCommand }),
    verifyHostKeyDns: !/^(no|false)$/i.test(one('verifyhostkeydns') ?? 'no'),
    checkHostIp: isYes('checkhostip'),
    noHostAuthenticationForLocalhost: isYes('nohostauthenticationforlocalhost'),
    requiredRsaSize: Number(/^\d{1,6}$/.exec(one('requiredrsasize') ?? '')?.[0] ?? leastRsaBits),
    exitOnForwardFailure: isYes('exitonforwardfailure'),
    ...(hostKeyAlgorithms === undefined ? {} : { hostKeyAlgorithms }),
  }
}

export function isSet(value: string): boolean {
  return value !== '' && value.toLowerCase() !== 'none'
}

/** Splits file names that `ssh -G` joined with spaces, without quotes. A new name begins where the beginning of a path follows a space. */
function splitPaths(text: string): string[] {
  return text
    .split(/\s+(?=[/~%$]|\.{1,2}\/|[A-Za-z]:[\\/]|none\b)/)
    .map((path) => path.replace(/^"(.*)"$/, '$1'))
    .filter(isSet)
}

function toStrictness(value: string | undefined): StrictHostKeyChecking {
  if (value === undefined || value === 'ask' || value === 'accept-new') return value ?? 'ask'
  return /^(no|false|off)$/i.test(value) ? 'no' : 'yes'
}
