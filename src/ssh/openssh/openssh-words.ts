import { quote, quoteArgv } from '../../base/quote.ts'
import type { SshHostName } from '../../base/target.ts'
import type { SshChain } from '../config/resolve-ssh-chain.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'

/** Returns the options that identify a host to ssh as the user named it; ssh's own config decides everything else. */
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

/** Who can answer ssh: a person, KCAP_SSH_PASSWORD alone, or nobody. */
export type SshAnswerer = 'person' | 'password' | 'nobody'

/** Options that depend on the answerer. Without them ssh would send empty passwords, and the host counts each as a failure. */
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
 * Returns ssh's argv for one program: no terminal, no forwarding, nothing else that the config asks ssh to do. It uses a shared connection that is
 * open, but leaves none behind for others.
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
    // kcap has no askpass on Windows.
    ...(process.platform === 'win32' ? ['BatchMode=yes'] : []),
    ...(mayCompress ? [] : ['Compression=no']),
    ...keepingKeys,
    ...accepting,
    ...(jumpCommand === undefined ? [] : [`ProxyCommand=${jumpCommand}`]),
  ]
  const words = makeSshWords(jumpCommand === undefined ? name : { ...name, jumpHost: undefined })
  return ['ssh', '-T', '-x', '-a', ...toOptions(options), ...words, commandLine]
}

/** Option that keeps known_hosts unchanged: this client would add a host's other keys, kcap's own would not. */
const keepingKeys = ['UpdateHostKeys=no']

const toOptions = (options: readonly string[]) => options.flatMap((option) => ['-o', option])

/**
 * Returns the ProxyCommand that `ssh -J` would run, with options added: `-J` passes none on to a jump host's ssh. The command of each jump host is
 * one word in that of the next. Returns undefined if there is no jump host, or no POSIX shell to run the command.
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
