import { KcapError } from '../../base/kcap-error.ts'
import { sshHostLabel } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { isSet } from './host-key-settings.ts'
import type { SshSettings } from './read-ssh-config.ts'

/** Settings with which ssh connects or logs in differently than ssh2 can, by their names in https://man.openbsd.org/ssh_config. */
const keywords = [
  'BindAddress',
  'BindInterface',
  'HostbasedAuthentication',
  'PKCS11Provider',
  'ProxyUseFdpass',
] as const

/** Returns the settings that only ssh supports and that are set, as lines of a config. */
export function findForeignSettings(settings: SshSettings): string[] {
  return keywords.flatMap((keyword) => {
    const value = settings.get(keyword.toLowerCase())?.[0] ?? ''
    return isSet(value) && !/^(no|false)$/i.test(value) ? [`${keyword} ${value}`] : []
  })
}

/**
 * Checks that ssh2 supports everything the ssh config asks for.
 * @throws {KcapError} ssh-failed — when only the ssh program does
 */
export function refuseForeignSettings(host: ResolvedSshHost): void {
  const [setting] = host.foreignSettings
  if (setting === undefined) return
  const state = `only the ssh program does what the ssh config says: ${setting}`
  throw new KcapError('ssh-failed', `cannot connect to "${sshHostLabel(host)}": ${state}`, {
    hints: ['install OpenSSH, and do not pass --ssh-client ssh2', 'or take the line out of your ssh config'],
  })
}
