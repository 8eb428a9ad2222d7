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

/**
 * ssh's argv for one program: no terminal, no forwarding, nothing that the config has ssh do besides. An open connection is used, but none
 * is left behind for others. `mayAsk`: there is somebody who answers.
 */
export function makeSshArgv(
  name: SshHostName,
  { silence, connectTimeoutMs }: Pick<ResolvedSshHost, 'silence' | 'connectTimeoutMs'>,
  { commandLine, mayAsk, mayCompress }: { commandLine: string; mayAsk: boolean; mayCompress: boolean },
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
    ...(mayAsk ? [] : ['BatchMode=yes']),
    ...(mayCompress ? [] : ['Compression=no']),
    ...(name.acceptNewHostKey === true ? ['StrictHostKeyChecking=accept-new'] : []),
  ]
  return ['ssh', '-T', '-x', '-a', ...options.flatMap((option) => ['-o', option]), ...makeSshWords(name), commandLine]
}
