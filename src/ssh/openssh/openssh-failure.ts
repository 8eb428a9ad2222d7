import { line } from '../../base/hint.ts'
import { KcapError } from '../../base/kcap-error.ts'
import { uncheckedHostKey } from '../config/host-key-errors.ts'
import { namesInKnownHosts } from '../config/read-known-hosts.ts'
import type { SshChain } from '../config/resolve-ssh-chain.ts'
import { lockedKey, passwordsWithheld } from '../login-errors.ts'
import { loadLoginKeys } from '../login-keys.ts'
import { openSecretPrompt } from '../secret-prompt.ts'
import { jumpFailed, sshHostLabel, sshLine, sshTimeout, sshUnreachable, toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { explainHostKey, type HostKeyAnswers, isUnproven } from './openssh-host-key.ts'

export interface SshLoginState extends HostKeyAnswers {
  /** Whether somebody is there to answer. */
  readonly mayAsk: boolean
  /** Whether keys stayed locked for lack of a passphrase. */
  readonly stayedLocked: boolean
}

/**
 * Explains from the tail of ssh's output what kept it from running a program; returns undefined if ssh reports no failure of its own. The texts come
 * from OpenSSH's sshconnect.c, sshconnect2.c, packet.c and channels.c; they are in English in every locale.
 */
export async function readOpensshFailure(
  said: string,
  chain: SshChain,
  login: SshLoginState,
): Promise<KcapError | undefined> {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '')
  const last = chain[chain.length - 1] as ResolvedSshHost
  const found = findLastWords(lines)
  // Each ssh of a chain reports for itself, the one nearest to this machine first.
  const named = (some: readonly string[]) => chain.find((hop) => some.some((line) => namesHost(line, hop)))
  const { untrustedKey } = login
  const host =
    (found?.kind === 'untrusted' && untrustedKey !== undefined
      ? chain.find((hop) => namesInKnownHosts(hop).name === untrustedKey.name)
      : undefined) ??
    named(found === undefined ? [] : [found.match[0]]) ??
    named(lines) ??
    (found?.kind === 'untrusted' && chain.length === 2 && hasLostJumpHost(lines) ? chain[0] : last)
  const failure = found?.kind === 'unforwarded' ? explainJump(found, chain) : await explain(found, lines, host, login)
  if (failure === undefined || host === last || failure.code === 'ssh-jump-failed') return failure
  return jumpFailed(last, failure.message, failure.remedies, failure)
}

function namesHost(line: string, hop: ResolvedSshHost): boolean {
  const { host, port, user } = hop
  const { name } = namesInKnownHosts(hop)
  return (
    line.startsWith(`${user}@${host}: `) ||
    line.includes(`host ${host} port ${port}: `) ||
    line.includes(`hostname ${host}: `) ||
    line.includes(`with ${host} port ${port}: `) ||
    line.includes(`from ${host} port ${port}:`) ||
    line.startsWith(`Host key for ${name} has changed `) ||
    line.includes(` host key for ${name} `) ||
    line.includes(` host key is known for ${name} `)
  )
}

/** Returns whether ssh reports that the ssh of its jump host has ended. */
function hasLostJumpHost(lines: readonly string[]): boolean {
  return lines.some((line) => / closed by UNKNOWN port 65535$/.test(line))
}

/** Complete lines that ssh prints when it gives up. */
const lastWords = {
  untrusted: /^(?:Host key verification failed\.|Error: forwarding disabled due to host key check failure)$/,
  unlooked: /^KnownHostsCommand failed$/,
  short: /^Bad server host key: Invalid key length\.?$/,
  unresolved: /^ssh: Could not resolve hostname \S+: .*$/,
  unconnected: /^ssh: connect to (?:host|address) \S+ port \d+: (.*)$/,
  unforwarded: /^channel \d+: open failed: (?:connect failed: )?(.*)$/,
  silent: /^(?:Connection|ssh_dispatch_run_fatal: |kex_exchange_identification: ).*timed out.*$|^Timeout, server .*$/,
  denied: /^\S+: Permission denied \((.*)\)\.$/,
  tooMany: /^Received disconnect from .*: Too many authentication failures$/,
  mismatch: /^Unable to negotiate with .*: no matching (.*) found.*$/,
} as const

interface LastWords {
  readonly kind: keyof typeof lastWords
  readonly match: RegExpExecArray
}

/** Returns the last such line. A banner and remote programs can print anything before it. */
function findLastWords(lines: readonly string[]): LastWords | undefined {
  const kinds = Object.keys(lastWords) as (keyof typeof lastWords)[]
  for (const line of [...lines].reverse())
    for (const kind of kinds) {
      const match = lastWords[kind].exec(line)
      if (match !== null) return { kind, match }
    }
  return undefined
}

async function explain(
  found: LastWords | undefined,
  lines: readonly string[],
  host: ResolvedSshHost,
  login: SshLoginState,
): Promise<KcapError | undefined> {
  const label = sshHostLabel(host)
  const verbose = sshLine(host, '-v')
  const failed = (state: string) =>
    new KcapError('ssh-failed', `cannot connect to "${label}": ${toPlainText(state)}`, { hints: [verbose] })
  const word = found?.match[1] ?? ''
  switch (found?.kind) {
    case 'untrusted':
      return await explainHostKey(lines, host, login)
    case 'unlooked':
      return uncheckedHostKey(host, 'its KnownHostsCommand failed', [verbose])
    case 'short':
      return uncheckedHostKey(host, `its RSA key is shorter than RequiredRSASize ${host.requiredRsaSize}`, [verbose])
    case 'unresolved':
      return sshUnreachable(host, 'no such host name')
    case 'unconnected':
      return /timed out/i.test(word)
        ? sshTimeout(host, 'no answer')
        : sshUnreachable(host, toPlainText(word).toLowerCase())
    case 'silent':
      return sshTimeout(host, 'no answer during the handshake')
    case 'denied':
    case 'tooMany': {
      const state = found.kind === 'denied' ? 'the host refused every login' : 'the host gave up after too many keys'
      const withheld = isUnproven(lines.join('\n'), host) ? [passwordsWithheld] : []
      const hints = [`the host takes: ${toPlainText(word) || 'not said'}`, ...withheld, verbose]
      const locked = login.stayedLocked ? await findLockedFile(host) : undefined
      if (locked !== undefined) return lockedKey(label, locked, login.mayAsk, hints)
      return new KcapError('ssh-login-refused', `cannot log in to "${label}": ${state}`, { hints })
    }
    case 'mismatch':
      return failed(`ssh and the host have no ${word} in common`)
    case 'unforwarded':
    case undefined:
      break
  }
  if (lines.some((line) => /(?:closed|reset) by/i.test(line))) return failed('the host closed the connection')
  const ownWords = lines.findLast((line) =>
    /^(ssh|kex_exchange|Bad |Load key|command-line|[^ ]*ssh_config|Unable)/.test(line),
  )
  return ownWords === undefined ? undefined : failed(ownWords)
}

/** Explains a failed jump host. With several of them, ssh does not say which one failed. */
function explainJump({ match }: LastWords, chain: SshChain): KcapError {
  const [last, ...jumps] = [...chain].reverse() as [ResolvedSshHost, ...ResolvedSshHost[]]
  const [jump] = jumps
  const label = jump === undefined || jumps.length > 1 ? 'one of them' : `"${sshHostLabel(jump)}"`
  const word = toPlainText(match[1] ?? '')
  const state = /^administratively prohibited/.test(word)
    ? 'does not let this user forward connections'
    : `cannot reach it (${word})`
  const way = jumps.map(({ user, host, port }) => `${user}@${host}:${port}`).reverse()
  return jumpFailed(last, `${label} ${state}`, [
    line('ssh', '-J', way.join(','), '-p', String(last.port), `${last.user}@${last.host}`),
  ])
}

/** Returns a key file that ssh could not decrypt. Skips files whose keys the agent holds. */
async function findLockedFile(host: ResolvedSshHost): Promise<string | undefined> {
  const loaded = await loadLoginKeys(host, { prompt: openSecretPrompt(undefined), log: () => {} }).catch(
    () => undefined,
  )
  return loaded?.keys.find(({ file, isEncrypted }) => file !== undefined && isEncrypted === true)?.file
}
