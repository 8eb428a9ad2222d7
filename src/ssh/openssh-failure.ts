import { readFile } from 'node:fs/promises'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
import { namesInKnownHosts } from './host-key-check.ts'
import { changedHostKey, revokedHostKey, unknownHostKey, type WrittenHostKey } from './host-key-errors.ts'
import { hostKeyFingerprint, parseKnownHosts } from './known-hosts.ts'
import { loadLoginKeys } from './login-keys.ts'
import type { SshChain } from './resolve-ssh-chain.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { openSecretPrompt } from './secret-prompt.ts'
import { jumpFailed, sshHostLabel, sshTimeout, sshUnreachable, toPlainText } from './ssh-error.ts'
import { lockedKey } from './ssh-login.ts'

export interface SshLoginState {
  /** Whether there is somebody who answers. */
  readonly mayAsk: boolean
  /** Whether keys stayed closed for want of a passphrase. */
  readonly stayedLocked: boolean
}

/**
 * What kept ssh from running a program, from the last of what it said; undefined where it says nothing of itself. The texts are of
 * OpenSSH's sshconnect.c, sshconnect2.c, packet.c and channels.c, which are in English whatever the locale.
 */
export async function readOpensshFailure(
  said: string,
  chain: SshChain,
  login: SshLoginState,
): Promise<KcapError | undefined> {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '')
  const host = chain[chain.length - 1] as ResolvedSshHost
  // Each ssh of a chain speaks for itself, the one nearest to here first.
  const at = chain.find((hop) => lines.some((line) => namesHost(line, hop))) ?? host
  const failure = await explain(lines, { host: at, last: host, login })
  if (failure === undefined || at === host || failure.code === 'ssh-jump-failed') return failure
  return jumpFailed(host, failure.message, failure.hints, failure)
}

function namesHost(line: string, { host, port, user }: ResolvedSshHost): boolean {
  return (
    line.includes(`${user}@${host}: `) ||
    line.includes(`host ${host} port ${port}: `) ||
    line.includes(`hostname ${host}: `) ||
    line.includes(`with ${host} port ${port}: `) ||
    line.includes(`host key for ${port === 22 ? host : `[${host}]:${port}`} `) ||
    line.includes(`key is known for ${port === 22 ? host : `[${host}]:${port}`} `)
  )
}

async function explain(
  lines: readonly string[],
  { host, last, login }: { host: ResolvedSshHost; last: ResolvedSshHost; login: SshLoginState },
): Promise<KcapError | undefined> {
  const find = (pattern: RegExp) => lines.map((line) => pattern.exec(line)).find((match) => match !== null)
  const label = sshHostLabel(host)
  const text = lines.join('\n')

  const keyTypeName =
    /(?:fingerprint for the|^No|^The) (\S+?) (?:host )?key (?:sent|is known|for)/m.exec(text)?.[1] ?? 'host'
  const fingerprint = /is\s+(SHA256:[\w+/]+)/.exec(text)?.[1]
  const shown = { typeName: keyTypeName, fingerprint }
  if (/REVOKED HOST KEY/.test(text)) return revokedHostKey(host, shown, undefined)
  if (/HOST IDENTIFICATION HAS CHANGED/.test(text)) {
    const [, file = '', line = '0'] = find(/^Offending .* key in (.*):(\d+)$/) ?? []
    return changedHostKey(host, namesInKnownHosts(host).name, shown, await readWrittenKey(file, Number(line)))
  }
  if (/Host key verification failed/.test(text)) return unknownHostKey(host, shown)

  const unresolved = find(/Could not resolve hostname (\S+): (.*)$/)
  if (unresolved) return sshUnreachable(host, 'no such host name')
  const unconnected = find(/connect to (?:host|address) \S+ port \d+: (.*)$/)?.[1]
  if (unconnected !== undefined)
    return /timed out/i.test(unconnected)
      ? sshTimeout(host, 'no answer')
      : sshUnreachable(host, unconnected.toLowerCase())
  const unforwarded = find(/open failed: (?:connect failed: )?(.*)$/)?.[1]
  if (unforwarded !== undefined)
    return jumpFailed(last, `the host before it cannot reach it (${toPlainText(unforwarded)})`, [])
  if (find(/timed out|Timeout, server/i)) return sshTimeout(host, 'no answer during the handshake')

  const denied = find(/Permission denied \((.*)\)\.?$/)
  if (denied || find(/Too many authentication failures/)) {
    const state = denied ? 'the host refused every login' : 'the host gave up after too many keys'
    const hints = [`the host takes: ${denied?.[1] ?? 'not said'}`, `ssh -v ${quote(host.alias)}`]
    const locked = login.stayedLocked ? await findLockedFile(host) : undefined
    if (locked !== undefined) return lockedKey(label, locked, login.mayAsk, hints)
    return new KcapError('ssh-login-refused', `cannot log in to "${label}": ${state}`, { hints })
  }
  const algorithm = find(/no matching (.*) found/)?.[1]
  const state =
    algorithm === undefined
      ? find(/(?:closed|reset) by/i) && 'the host closed the connection'
      : `ssh and the host have no ${algorithm} in common`
  const ownWords = lines.findLast((line) =>
    /^(ssh|kex_exchange|Bad |Load key|command-line|[^ ]*ssh_config|Unable)/.test(line),
  )
  if (!state && ownWords === undefined) return undefined
  return new KcapError('ssh-failed', `cannot connect to "${label}": ${state || toPlainText(ownWords ?? '')}`, {
    hints: [`ssh -v ${quote(host.alias)}`],
  })
}

/** A key file that ssh could not open; those whose keys the agent holds need not be. */
async function findLockedFile(host: ResolvedSshHost): Promise<string | undefined> {
  const { keys } = await loadLoginKeys(host, { prompt: openSecretPrompt(undefined), log: () => {} })
  return keys.find(({ file, isEncrypted }) => file !== undefined && isEncrypted === true)?.file
}

async function readWrittenKey(file: string, line: number): Promise<WrittenHostKey> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const known = parseKnownHosts(text, file).find((entry) => entry.line === line)
  return { file, line, fingerprint: known && hostKeyFingerprint(known.key) }
}
