import { randomBytes } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../host/make-folder.ts'
import {
  changedHostKey,
  revokedHostKey,
  type ShownHostKey,
  unknownHostKey,
  type WrittenHostKey,
} from './host-key-errors.ts'
import {
  hashedHostField,
  hostKeyFingerprint,
  hostKeyType,
  hostKeyTypeName,
  judgeHostKey,
  type KnownHost,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from './known-hosts.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { sshHostLabel } from './ssh-error.ts'

export interface HostKeyQuestion {
  readonly host: string
  /** `ED25519`, `RSA` or `ECDSA`. */
  readonly keyType: string
  /** `SHA256:…` */
  readonly fingerprint: string
}

export type AskHostKey = (question: HostKeyQuestion) => Promise<boolean>

export interface HostKeyCheck {
  /** Types of the keys known for this host. */
  readonly knownTypes: readonly string[]
  /** Settles when the key may be trusted; throws a KcapError otherwise. */
  verify(key: Buffer): Promise<void>
}

export interface HostKeyCheckOptions {
  readonly acceptNewHostKey: boolean
  readonly askHostKey?: AskHostKey | undefined
  readonly log: (line: string) => void
}

/** Reads the known_hosts files of a host and judges the key it shows, as OpenSSH does. */
export async function makeHostKeyCheck(host: ResolvedSshHost, options: HostKeyCheckOptions): Promise<HostKeyCheck> {
  const knownHosts = await readKnownHosts(host)
  const { name, plainName } = namesInKnownHosts(host)
  return {
    knownTypes: [...new Set([...knownKeyTypes(knownHosts, name), ...knownKeyTypes(knownHosts, plainName)])],
    async verify(key) {
      const verdict = judgeHostKey(knownHosts, name, key)
      if (verdict.kind === 'known') return
      if (verdict.kind === 'revoked') throw revokedHostKey(host, showKey(key), locate(verdict.known))
      if (verdict.kind === 'changed') throw changedHostKey(host, name, showKey(key), locate(verdict.known))
      // An entry without the port serves a host on another port too, if its key is the same (sshconnect.c, check_host_key).
      const withoutPort = judgeHostKey(knownHosts, plainName, key)
      if (withoutPort.kind === 'known') return
      if (withoutPort.kind === 'revoked') throw revokedHostKey(host, showKey(key), locate(withoutPort.known))
      await acceptUnknownKey(host, name, key, options)
    },
  }
}

async function acceptUnknownKey(
  host: ResolvedSshHost,
  name: string,
  key: Buffer,
  options: HostKeyCheckOptions,
): Promise<void> {
  const question = { host: sshHostLabel(host), keyType: hostKeyTypeName(key), fingerprint: hostKeyFingerprint(key) }
  const unasked = options.acceptNewHostKey || ['accept-new', 'no'].includes(host.strictHostKeyChecking)
  const mayAsk = host.strictHostKeyChecking === 'ask' && !host.batchMode
  const accepted = unasked || (mayAsk && ((await options.askHostKey?.(question)) ?? false))
  if (!accepted) throw unknownHostKey(host, showKey(key))
  await rememberKey(host, name, key, options.log)
}

/** All that the known_hosts files of a host hold. */
export async function readKnownHosts({
  userKnownHostsFiles,
  globalKnownHostsFiles,
}: Pick<ResolvedSshHost, 'userKnownHostsFiles' | 'globalKnownHostsFiles'>): Promise<KnownHost[]> {
  const files = [...userKnownHostsFiles, ...globalKnownHostsFiles]
  const read = async (file: string) => {
    try {
      return parseKnownHosts(await readFile(file, 'utf8'), file)
    } catch {
      return [] // A missing or unreadable file knows nothing; ssh says no more of it either.
    }
  }
  return (await Promise.all(files.map(read))).flat()
}

/** How a host stands in known_hosts: with its port, and without. */
export function namesInKnownHosts({ host, port, hostKeyAlias }: ResolvedSshHost): { name: string; plainName: string } {
  const plainName = knownHostName(hostKeyAlias ?? host, 22)
  return { name: hostKeyAlias === undefined ? knownHostName(host, port) : plainName, plainName }
}

async function rememberKey(
  host: ResolvedSshHost,
  name: string,
  key: Buffer,
  log: (line: string) => void,
): Promise<void> {
  const file = host.userKnownHostsFiles[0]
  if (file === undefined || file === '/dev/null') return
  const hosts = host.hashKnownHosts ? hashedHostField(name, randomBytes(20)) : name
  const line = `${hosts} ${hostKeyType(key)} ${key.toString('base64')}\n`
  try {
    makeFolder(dirname(file))
    const before = await readFile(file, 'utf8').catch(() => '')
    await appendFile(file, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 })
    log(`added the ${hostKeyTypeName(key)} key of "${sshHostLabel(host)}" to ${file}`)
  } catch (error) {
    log(`cannot add the key of "${sshHostLabel(host)}" to ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

function showKey(key: Buffer): ShownHostKey {
  return { typeName: hostKeyTypeName(key), fingerprint: hostKeyFingerprint(key) }
}

function locate({ file, line, key }: KnownHost): WrittenHostKey {
  return { file, line, fingerprint: hostKeyFingerprint(key) }
}
