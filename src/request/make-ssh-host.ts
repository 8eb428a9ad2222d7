import { KcapError } from '../base/kcap-error.ts'
import type { SshHostName, TargetName } from '../base/target.ts'
import { parseSshAuthority } from '../target/parse-target.ts'
import { type ParsedArguments, readChoice } from './parse-arguments.ts'
import { parseCount } from './parse-quantity.ts'

/** Returns the SSH host that is not a target itself, but the node of the named pods. */
export function findNodeHost(parsed: ParsedArguments, targets: readonly TargetName[]): SshHostName | undefined {
  const sshHost = parsed.text('ssh-host')
  if (sshHost === undefined || targets.every(({ kind }) => kind === 'ssh')) return undefined
  return makeSshHost(sshHost, makeSshDefaults(parsed))
}

/** Returns the config's pattern for all nodes, with the flags applied. */
export function makeNodeSsh(pattern: SshHostName | undefined, parsed: ParsedArguments): SshHostName | undefined {
  if (pattern === undefined) return undefined
  const flags = Object.entries(makeSshDefaults(parsed)).filter(([name, value]) =>
    name === 'sudo' ? parsed.text('sudo') !== undefined : value !== undefined,
  )
  return { ...pattern, ...Object.fromEntries(flags) }
}

/**
 * Returns the options that apply to any SSH host.
 * @throws {KcapError} usage — when one of them is invalid
 */
export function makeSshDefaults(parsed: ParsedArguments): Omit<SshHostName, 'kind' | 'host'> {
  const port = parsed.text('ssh-port')
  const identities = parsed.list('identity')
  const jumpHost = parsed.text('jump-host')
  if (jumpHost?.split(',').some((hop) => parseSshAuthority(hop) === undefined)) {
    throw new KcapError('usage', `cannot use --jump-host "${jumpHost}": it is [USER@]HOST[:PORT][,…]`, {
      hints: ['--jump-host admin@bastion.example:22', '--jump-host outer,inner'],
    })
  }
  return {
    user: parsed.text('ssh-user'),
    port: port === undefined ? undefined : parseCount('ssh-port', port, 1, 65_535),
    identityFiles: identities.length === 0 ? undefined : identities,
    jumpHost,
    sudo: readChoice(parsed, 'sudo') ?? 'none',
    sshConfigPath: parsed.text('ssh-config'),
    acceptNewHostKey: parsed.flag('accept-new-host-key'),
    client: readChoice(parsed, 'ssh-client'),
  }
}

/**
 * Returns the host of `--ssh-host`.
 * @throws {KcapError} usage — when it is no host name or address
 */
export function makeSshHost(text: string, defaults: Omit<SshHostName, 'kind' | 'host'>): SshHostName {
  // An IPv6 address needs no brackets if no port can follow.
  const authority = /^[0-9a-fA-F]*:[0-9a-fA-F:.%\w]*$/.test(text) ? { host: text } : parseSshAuthority(text)
  if (authority === undefined)
    throw new KcapError('usage', `cannot use --ssh-host "${text}": it is no host name or address`, {
      hints: ['--ssh-host 10.0.0.10 --ssh-user root'],
    })
  return { kind: 'ssh', ...defaults, ...authority }
}
