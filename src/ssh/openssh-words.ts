import { quote, quoteArgv } from '../base/quote.ts'
import type { SshHostName } from '../base/target.ts'
import type { SshChain } from './resolve-ssh-chain.ts'
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
  chain: SshChain,
  { commandLine, answerer, mayCompress }: SshProgram,
): [string, ...string[]] {
  const { silence, connectTimeoutMs } = chain[chain.length - 1] as ResolvedSshHost
  const accepting = name.acceptNewHostKey === true ? ['StrictHostKeyChecking=accept-new'] : []
  const jumpCommand = accepting.length > 0 ? makeJumpCommand(name, chain, [...accepting, ...keepingKeys]) : undefined
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
    ...keepingKeys,
    ...accepting,
    ...(jumpCommand === undefined ? [] : [`ProxyCommand=${jumpCommand}`]),
  ]
  const words = makeSshWords(jumpCommand === undefined ? name : { ...name, jumpHost: undefined })
  return ['ssh', '-T', '-x', '-a', ...toOptions(options), ...words, commandLine]
}

/** A host's other keys would be added to known_hosts by this client, and not by kcap's own. */
const keepingKeys = ['UpdateHostKeys=no']

const toOptions = (options: readonly string[]) => options.flatMap((option) => ['-o', option])

/**
 * What `ssh -J` would run, with options: it hands none on to the ssh of a jump host. Each jump host's own command is a word in that of the
 * next. undefined: there is no jump host, or no POSIX shell to run it.
 */
function makeJumpCommand(
  { sshConfigPath }: SshHostName,
  chain: SshChain,
  options: readonly string[],
): string | undefined {
  if (process.platform === 'win32') return undefined
  const inProxyCommand = (word: string) => word.replaceAll('%', '%%')
  return chain.slice(0, -1).reduce<string | undefined>((before, { alias, user, port }) => {
    const words = [
      ...['ssh', ...(sshConfigPath === undefined ? [] : ['-F', sshConfigPath]), '-l', user, '-p', String(port)],
      ...toOptions([...options, ...(before === undefined ? [] : [`ProxyCommand=${before}`])]),
    ]
    return `${quoteArgv(words.map(inProxyCommand))} -W '[%h]:%p' -- ${quote(inProxyCommand(alias))}`
  }, undefined)
}
