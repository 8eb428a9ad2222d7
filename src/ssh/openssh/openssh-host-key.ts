import { readFile } from 'node:fs/promises'
import { fileWord, line } from '../../base/hint.ts'
import type { KcapError } from '../../base/kcap-error.ts'
import {
  changedHostKey,
  revokedHostKey,
  type ShownHostKey,
  uncheckedHostKey,
  unknownHostKey,
  type WrittenHostKey,
} from '../config/host-key-errors.ts'
import { parseKnownHosts } from '../config/known-hosts.ts'
import { namesInKnownHosts } from '../config/read-known-hosts.ts'
import { toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import type { UntrustedKey } from './answer-ssh.ts'

export interface HostKeyAnswers {
  readonly untrustedKey?: UntrustedKey | undefined
  readonly declinedQuestion?: string | undefined
}

/** Returns whether ssh has found a host's key wrong and still continues the login. */
export function isUnproven(said: string, { strictHostKeyChecking }: ResolvedSshHost): boolean {
  return strictHostKeyChecking === 'no' && /REVOKED HOST KEY DETECTED|^Offending \S+ key in .*:\d+\r?$/m.test(said)
}

/** Returns whether ssh has accepted a key that is revoked under the host's name without the port. */
export function isRevokedWithoutPort(said: string): boolean {
  return /REVOKED HOST KEY DETECTED[\s\S]*^Warning: Permanently added /m.test(said)
}

/** Explains from ssh's output why it does not trust a host's key. The texts come from OpenSSH's sshconnect.c. */
export async function explainHostKey(
  lines: readonly string[],
  host: ResolvedSshHost,
  { untrustedKey, declinedQuestion = '' }: HostKeyAnswers,
): Promise<KcapError> {
  const text = [...lines, declinedQuestion].join('\n')
  const shown =
    untrustedKey === undefined
      ? readShownKey(text)
      : { typeName: untrustedKey.keyType, fingerprint: untrustedKey.fingerprint }
  const [, revokedType = '', revokedFingerprint, revokedBy] =
    /^Host key (\S+) (\S+) revoked by file (.*)$/m.exec(text) ?? []
  if (revokedBy !== undefined)
    return revokedHostKey(host, { typeName: revokedType, fingerprint: revokedFingerprint }, toPlainText(revokedBy))
  const [, list, state] = /^Error checking host key .* in revoked keys file (.*?): (.*)$/m.exec(text) ?? []
  if (list !== undefined) return unreadableList(host, list, state ?? '')
  if (/REVOKED HOST KEY/.test(text)) return revokedHostKey(host, shown, undefined)
  if (untrustedKey !== undefined) return unknownHostKey(host, shown)
  const [, address, addressFile, addressLine] =
    /differs from the key for the IP address '([^']*)'\s+Offending key for IP in (.*):(\d+)/.exec(text) ?? []
  const isChanged = /HOST IDENTIFICATION HAS CHANGED/.test(text)
  if (address !== undefined && !isChanged) {
    const written = await readWrittenKey(addressFile ?? '', Number(addressLine), host)
    return changedHostKey(host, address, shown, written)
  }
  if (!isChanged) return unknownHostKey(host, shown)
  const offending = lines.map((line) => /^Offending .* key in (.*):(\d+)$/.exec(line)).findLast((match) => match)
  const written = await readWrittenKey(offending?.[1] ?? '', Number(offending?.[2]), host)
  return changedHostKey(host, namesInKnownHosts(host).name, shown, written)
}

function unreadableList(host: ResolvedSshHost, file: string, state: string): KcapError {
  const why = `it can't be read: ${toPlainText(state).toLowerCase()} (RevokedHostKeys ${toPlainText(file)})`
  return uncheckedHostKey(host, why, [line('ls', '-l', fileWord(file))])
}

function readShownKey(text: string): ShownHostKey {
  const typeName =
    /(?:fingerprint for the|^No|^The|^Warning: the) (\S+?) (?:host )?key (?:sent|is known|for)/m.exec(text)?.[1] ??
    'host'
  return { typeName: toPlainText(typeName), fingerprint: /is\s+(SHA256:[\w+/]+)/.exec(text)?.[1] }
}

/** Reads a key from a known_hosts file. Reads no other files, because a banner may name any. */
async function readWrittenKey(file: string, lineNumber: number, host: ResolvedSshHost): Promise<WrittenHostKey> {
  const isKnown = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles].includes(file)
  const text = isKnown ? await readFile(file, 'utf8').catch(() => '') : ''
  const known = parseKnownHosts(text, file).find((entry) => entry.line === lineNumber)
  return { file: isKnown ? file : toPlainText(file), line: lineNumber, key: known?.key }
}
