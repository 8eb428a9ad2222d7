import { matchesWildcard } from '../../base/wildcard.ts'
import type { SshSettings } from './read-ssh-config.ts'

/**
 * Returns the variables to send with each program, from SetEnv and SendEnv (https://man.openbsd.org/ssh_config). SetEnv has precedence. The host
 * decides which ones it accepts.
 */
export function readSentEnvironment(
  settings: SshSettings,
  environment: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const patterns = (settings.get('sendenv') ?? []).flatMap((names) => names.split(/\s+/))
  const sent = Object.entries(environment).filter(([name]) =>
    patterns.some((pattern) => matchesWildcard(pattern, name)),
  )
  const set = (settings.get('setenv') ?? []).map((text) => [text.replace(/=.*$/s, ''), text.replace(/^[^=]*=?/, '')])
  return Object.fromEntries([...sent, ...set])
}
