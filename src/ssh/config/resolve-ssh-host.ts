import { existsSync } from 'node:fs'
import { line } from '../../base/hint.ts'
import { KcapError } from '../../base/kcap-error.ts'
import type { SshHostName } from '../../base/target.ts'
import { findAccount } from '../../host/account.ts'
import type { LoginMethod, ResolvedSshHost, SilenceLimits } from '../ssh-host.ts'
import { expandSshPath, ownText } from './expand-ssh-path.ts'
import { findForeignSettings } from './foreign-settings.ts'
import { isSet, readHostKeySettings } from './host-key-settings.ts'
import { readSshConfig, type SshSettings } from './read-ssh-config.ts'
import { readSentEnvironment } from './sent-environment.ts'
import { readAlgorithmList } from './supported-algorithms.ts'

export interface ResolveSshHostOptions {
  readonly signal: AbortSignal
  readonly environment: NodeJS.ProcessEnv
  readonly homeFolder: string
}

const defaultConnectTimeoutMs = 10_000

/**
 * Resolves a host's settings from the user's flags and ssh config.
 * @throws {KcapError} usage — when the host or user name is invalid, or no user name can be determined
 * @throws {KcapError} ssh-failed — when the ssh config cannot be read or its port is invalid
 */
export async function resolveSshHost(name: SshHostName, options: ResolveSshHostOptions): Promise<ResolvedSshHost> {
  // Like ssh itself (ssh.c, valid_hostname): ssh would read a leading dash as an option, and a ProxyCommand's shell would interpret the other
  // characters.
  if (!/^(?!-)[^\s\p{Cc}'`"$\\;&<>|(){}]+$/u.test(name.host)) {
    throw new KcapError('usage', `cannot reach ${JSON.stringify(name.host)}: not a host name`, {
      hints: ['--ssh-host HOST takes a host name, an address or an alias of your ssh config'],
    })
  }
  // The same check for %r (ssh.c, valid_ruser).
  if (name.user !== undefined && !/^(?!-|.*\s-)[^\p{Cc}'`";&<>|(){}]+(?<!\\)$/u.test(name.user)) {
    throw new KcapError('usage', `cannot log in as ${JSON.stringify(name.user)}: not a user name`, {
      hints: ['--ssh-user USER takes the name of an account there'],
    })
  }
  const { host, user, port, sshConfigPath: configPath } = name
  const settings = await readSshConfig({ host, user, port, configPath, ...options })
  return applySshSettings(name, settings, options)
}

/** Applies settings that were already read; the pure half of resolveSshHost(). */
export function applySshSettings(
  name: SshHostName,
  settings: SshSettings,
  options: Pick<ResolveSshHostOptions, 'environment' | 'homeFolder'>,
): ResolvedSshHost {
  const one = (keyword: string) => settings.get(keyword)?.[0]
  const isYes = (keyword: string) => /^(yes|true)$/i.test(one(keyword) ?? '')
  const isNo = (keyword: string) => /^(no|false)$/i.test(one(keyword) ?? '')
  const list = (keyword: string) => one(keyword)?.split(',')

  const { environment, homeFolder } = options
  const user = name.user ?? one('user') ?? findAccount().name ?? refuseNameless(name)
  const host = (one('hostname') ?? name.host).replaceAll('%h', name.host)
  const port = name.port ?? readPort(name, one('port'))
  const alias = one('hostkeyalias')
  const foreignSettings = findForeignSettings(settings)
  const { proxyJump, proxyCommand } = chooseProxy(name, settings)
  const tokens = { typedHost: name.host, host, port, user, hostKeyAlias: alias, proxyJump, homeFolder, environment }
  const expand = (value: string) => {
    const { path, unclear } = expandSshPath(value, tokens)
    if (unclear !== undefined) foreignSettings.push(`${unclear} in ${value}`)
    return path
  }

  const agentSocket = resolveAgent(one('identityagent'), environment, expand)
  const controlPath = expandSshPath(settings.get('controlpath')?.find(isSet) ?? '', tokens)
  const family = addressFamilies[one('addressfamily')?.toLowerCase() ?? '']
  return {
    alias: name.host,
    ...(name.sshConfigPath === undefined ? {} : { configPath: name.sshConfigPath }),
    host,
    port,
    user,
    explicitIdentityFiles: (name.identityFiles ?? []).map(expand),
    identityFiles: (settings.get('identityfile') ?? defaultIdentityFiles).filter(isSet).map(expand),
    identitiesOnly: isYes('identitiesonly'),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    loginMethods: (list('preferredauthentications') ?? ['publickey', 'keyboard-interactive', 'password'])
      .filter(isLoginMethod)
      .filter((method) => !isNo(switchOf[method])),
    passwordPrompts: readCount(one('numberofpasswordprompts'), 3),
    batchMode: isYes('batchmode'),
    ...readHostKeySettings(settings, expand),
    connectTimeoutMs: readCount(one('connecttimeout'), 0) * 1000 || defaultConnectTimeoutMs,
    connectionAttempts: Math.max(1, readCount(one('connectionattempts'), 1)),
    ...(family === undefined ? {} : { addressFamily: family }),
    sentEnvironment: readSentEnvironment(settings, environment),
    silence: chooseSilence(readCount(one('serveraliveinterval'), 0), readCount(one('serveralivecountmax'), 3)),
    compression: isYes('compression'),
    algorithms: {
      ...readAlgorithmList('hostKeys', list('hostkeyalgorithms')),
      ...readAlgorithmList('keyExchanges', list('kexalgorithms')),
      ...readAlgorithmList('ciphers', list('ciphers')),
      ...readAlgorithmList('macs', list('macs')),
      ...readAlgorithmList('loginKeys', list('pubkeyacceptedalgorithms') ?? list('pubkeyacceptedkeytypes')),
    },
    ...(proxyJump === undefined ? {} : { proxyJump }),
    ...(proxyCommand === undefined ? {} : { proxyCommand }),
    certificateFiles: (settings.get('certificatefile') ?? []).filter(isSet).map(expand),
    ...(controlPath.path === '' ? {} : { controlPath: controlPath.path }),
    isControlPathUnclear: controlPath.unclear !== undefined,
    usesGssapi: isYes('gssapiauthentication'),
    foreignSettings,
  }
}

const addressFamilies: Readonly<Record<string, 4 | 6 | undefined>> = { inet: 4, inet6: 6 }

function refuseNameless({ host }: SshHostName): never {
  throw new KcapError('usage', `cannot log in to "${host}": this machine has no name for your account`, {
    hints: ['--ssh-user USER'],
  })
}

/** Maximum for a timer, which takes at most 31 bits of milliseconds. */
const maxSeconds = Math.floor((2 ** 31 - 1) / 1000)

/** Parses a whole number. Falls back to `otherwise` for anything else, which only a file that ssh has not read can contain. */
function readCount(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^\d+$/.test(text) ? Math.min(Number(text), maxSeconds) : otherwise
}

function readPort({ host }: SshHostName, text = '22'): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port > 0 && port < 65_536) return port
  throw new KcapError('ssh-failed', `cannot reach "${host}": the port "${text}" of your ssh config is none`, {
    hints: [line('ssh', '-G', host), '--ssh-port PORT'],
  })
}

/** Returns the proxy to use: a flag, or whichever of ProxyJump and ProxyCommand comes first in the config. */
function chooseProxy({ jumpHost }: SshHostName, settings: SshSettings): { proxyJump?: string; proxyCommand?: string } {
  if (jumpHost !== undefined) return isSet(jumpHost) ? { proxyJump: jumpHost } : {}
  const keyword = [...settings.keys()].find((key) => key === 'proxyjump' || key === 'proxycommand')
  const value = keyword === undefined ? undefined : settings.get(keyword)?.[0]
  if (value === undefined || !isSet(value)) return {}
  return keyword === 'proxyjump' ? { proxyJump: value } : { proxyCommand: value }
}

/** Limits that detect a silent cut after 15 to 20 s. */
const defaultSilence: SilenceLimits = { keepaliveIntervalMs: 5_000, keepaliveCountMax: 3 }

/**
 * Returns ServerAliveInterval and ServerAliveCountMax if they are stricter than the default. Laxer ones are pointless: the remote side ends a capture
 * after 20 s of silence anyway.
 */
function chooseSilence(intervalSeconds: number, countMax: number): SilenceLimits {
  const keepaliveIntervalMs = Math.min(intervalSeconds * 1000 || Infinity, defaultSilence.keepaliveIntervalMs)
  const limitMs = defaultSilence.keepaliveIntervalMs * defaultSilence.keepaliveCountMax
  const wantedMs = intervalSeconds > 0 && countMax > 0 ? intervalSeconds * 1000 * countMax : limitMs
  return {
    keepaliveIntervalMs,
    keepaliveCountMax: Math.max(1, Math.round(Math.min(wantedMs, limitMs) / keepaliveIntervalMs)),
  }
}

const defaultIdentityFiles = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa']

const switchOf = {
  publickey: 'pubkeyauthentication',
  'keyboard-interactive': 'kbdinteractiveauthentication',
  password: 'passwordauthentication',
} as const satisfies Record<LoginMethod, string>

function isLoginMethod(method: string): method is LoginMethod {
  return Object.hasOwn(switchOf, method)
}

const windowsAgentPipe = '\\\\.\\pipe\\openssh-ssh-agent'

function resolveAgent(
  identityAgent: string | undefined,
  environment: NodeJS.ProcessEnv,
  expand: (path: string) => string,
): string | undefined {
  if (identityAgent?.toLowerCase() === 'none') return undefined
  if (identityAgent !== undefined && identityAgent !== 'SSH_AUTH_SOCK') {
    const variable = /^\$(\w+)$/.exec(identityAgent)?.[1]
    return variable === undefined ? expand(identityAgent) : ownText(environment, variable)
  }
  if (environment.SSH_AUTH_SOCK) return environment.SSH_AUTH_SOCK
  return process.platform === 'win32' && existsSync(windowsAgentPipe) ? windowsAgentPipe : undefined
}
