import { type Hint, type HintLine, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ResolvedSshHost } from './ssh-host.ts'

/** Returns a host's label for messages: `ssh://root@10.0.0.10:2222`. */
export function sshHostLabel({ user, host, port }: Pick<ResolvedSshHost, 'user' | 'host' | 'port'>): string {
  const place = host.includes(':') ? `[${host}]` : host
  return `ssh://${user}@${place}${port === 22 ? '' : `:${port}`}`
}

/** Removes control characters from a remote text, so that it cannot steer the user's terminal or break a log line. */
export function toPlainText(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}

const unreachableStates: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  EADDRNOTAVAIL: 'no route to the host',
  EHOSTDOWN: 'the host is down',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'its name cannot be looked up now',
}

/** Translates errors that Node's sockets and ssh2 raise while connecting. */
export function toSshError(error: unknown, host: ResolvedSshHost): KcapError {
  if (error instanceof KcapError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = error instanceof Error ? error.message : String(error)
  const unreachable = unreachableStates[code]
  if (unreachable !== undefined) return sshUnreachable(host, unreachable, error)
  if (code === 'ETIMEDOUT') return sshTimeout(host, 'no answer', error)
  const algorithm = /no matching (.*)$/.exec(text)?.[1]
  const state = algorithm === undefined ? toState(text, code) : nothingInCommon(algorithm)
  return new KcapError('ssh-failed', `cannot connect to "${sshHostLabel(host)}": ${state}`, {
    hints: [sshLine(host, '-v')],
    cause: error,
    facts: algorithm === undefined ? {} : { algorithm },
  })
}

function toState(text: string, code: string): string {
  if (code === 'ECONNRESET' || /^Connection lost before handshake/.test(text)) return 'the host closed the connection'
  return toPlainText(text)
}

/** Returns the text for two ends that have no algorithm of a kind in common. */
export function nothingInCommon(algorithm: string): string {
  return `kcap and the host have no ${algorithm} in common`
}

export function sshUnreachable(host: ResolvedSshHost, state: string, cause?: unknown): KcapError {
  return new KcapError('ssh-unreachable', `cannot reach "${sshHostLabel(host)}": ${state}`, {
    hints: [sshLine(host), 'check --ssh-host and --ssh-port, and whether you need --jump-host or a VPN'],
    cause,
  })
}

export function sshTimeout(host: ResolvedSshHost, state: string, cause?: unknown): KcapError {
  return new KcapError('ssh-timeout', `cannot connect to "${sshHostLabel(host)}": ${state}`, {
    hints: [sshLine(host), 'a firewall may drop the packets; --jump-host [USER@]HOST goes through another host'],
    cause,
  })
}

export function connectionLost(host: ResolvedSshHost, state: string, cause?: unknown): KcapError {
  return new KcapError('connection-lost', `cannot continue with "${sshHostLabel(host)}": ${state}`, { cause })
}

/** Returns the error for a failed jump host. It combines the host that could not be reached with the whole cause. */
export function jumpFailed(host: ResolvedSshHost, state: string, hints: readonly Hint[], cause?: unknown): KcapError {
  return new KcapError('ssh-jump-failed', `cannot reach "${sshHostLabel(host)}" through its jump host: ${state}`, {
    hints,
    cause,
  })
}

/**
 * Runs a step that leads to a jump host, and reports its failures as those of the route to `host`.
 * @throws {KcapError} ssh-jump-failed — when the step fails with a KcapError; other errors pass unchanged
 */
export async function throughJumpHost<Result>(host: ResolvedSshHost, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof KcapError ? jumpFailed(host, error.message, error.remedies, error) : error
  }
}

/** Returns the command that logs in to a host by hand, with the user's own config. */
export function sshLine({ alias, user, port, configPath }: ResolvedSshHost, ...flags: readonly string[]): HintLine {
  const config = configPath === undefined ? [] : ['-F', configPath]
  return line('ssh', ...flags, ...config, ...(port === 22 ? [] : ['-p', String(port)]), `${user}@${alias}`)
}
