import type { SshHostName } from '../base/target.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'

/** What names a host to ssh as the user has named it to kcap: ssh's own config decides all else. */
export function makeSshWords({ host, user, port, identityFiles = [], jumpHost, sshConfigPath }: SshHostName): string[] {
  return [
    ...(sshConfigPath === undefined ? [] : ['-F', sshConfigPath]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...identityFiles.flatMap((file) => ['-i', file]),
    ...(jumpHost === undefined ? [] : ['-J', jumpHost]),
    '--',
    host,
  ]
}

/** What there is to answer ssh: a person, KCAP_SSH_PASSWORD alone, or neither. */
export type SshAnswerer = 'person' | 'password' | 'nobody'

/** Without them ssh would send empty passwords, each of which the host counts as one that failed. */
const answererOptions: Readonly<Record<SshAnswerer, readonly string[]>> = {
  person: [],
  password: ['NumberOfPasswordPrompts=1'],
  nobody: ['PasswordAuthentication=no', 'KbdInteractiveAuthentication=no'],
}

export interface SshProgram {
  readonly commandLine: string
  readonly answerer: SshAnswerer
  readonly mayCompress: boolean
}

/**
 * ssh's argv for one program: no terminal, no forwarding, nothing that the config has ssh do besides. An open connection is used, but none
 * is left behind for others.
 */
export function makeSshArgv(
  name: SshHostName,
  { silence, connectTimeoutMs }: Pick<ResolvedSshHost, 'silence' | 'connectTimeoutMs'>,
  { commandLine, answerer, mayCompress }: SshProgram,
): [string, ...string[]] {
  const options = [
    'LogLevel=INFO',
    'ClearAllForwardings=yes',
    'ControlMaster=no',
    'PermitLocalCommand=no',
    'RemoteCommand=none',
    `ConnectTimeout=${Math.ceil(connectTimeoutMs / 1000)}`,
    `ServerAliveInterval=${Math.ceil(silence.keepaliveIntervalMs / 1000)}`,
    `ServerAliveCountMax=${silence.keepaliveCountMax}`,
    ...answererOptions[answerer],
    // There is no askpass of kcap's there.
    ...(process.platform === 'win32' ? ['BatchMode=yes'] : []),
    ...(mayCompress ? [] : ['Compression=no']),
    ...(name.acceptNewHostKey === true ? ['StrictHostKeyChecking=accept-new'] : []),
  ]
  return ['ssh', '-T', '-x', '-a', ...options.flatMap((option) => ['-o', option]), ...makeSshWords(name), commandLine]
}
