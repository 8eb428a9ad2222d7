import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
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
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]
  const knownHosts = (await Promise.all(files.map(readKnownHosts))).flat()
  const plainName = knownHostName(host.hostKeyAlias ?? host.host, 22)
  const name = host.hostKeyAlias === undefined ? knownHostName(host.host, host.port) : plainName
  return {
    knownTypes: [...new Set([...knownKeyTypes(knownHosts, name), ...knownKeyTypes(knownHosts, plainName)])],
    async verify(key) {
      const verdict = judgeHostKey(knownHosts, name, key)
      if (verdict.kind === 'known') return
      if (verdict.kind === 'revoked') throw revokedKey(host, key, verdict.known)
      if (verdict.kind === 'changed') throw changedKey(host, name, key, verdict.known)
      // An entry without the port serves a host on another port too, if its key is the same (sshconnect.c, check_host_key).
      const withoutPort = judgeHostKey(knownHosts, plainName, key)
      if (withoutPort.kind === 'known') return
      if (withoutPort.kind === 'revoked') throw revokedKey(host, key, withoutPort.known)
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
  if (!accepted) throw unknownKey(host, key)
  await rememberKey(host, name, key, options.log)
}

async function readKnownHosts(file: string): Promise<KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file)
  } catch {
    return [] // A missing or unreadable file knows nothing; ssh says no more of it either.
  }
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
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const before = await readFile(file, 'utf8').catch(() => '')
    await appendFile(file, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 })
    log(`added the ${hostKeyTypeName(key)} key of "${sshHostLabel(host)}" to ${file}`)
  } catch (error) {
    log(`cannot add the key of "${sshHostLabel(host)}" to ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

function unknownKey(host: ResolvedSshHost, key: Buffer): KcapError {
  const [file] = host.userKnownHostsFiles
  const port = host.port === 22 ? '' : `-p ${host.port} `
  return new KcapError(
    'ssh-host-key-unknown',
    `cannot trust "${sshHostLabel(host)}": its ${hostKeyTypeName(key)} key ${hostKeyFingerprint(key)} is unknown`,
    {
      hints: [
        'compare this fingerprint with one from the host, then pass --accept-new-host-key, or add the key yourself:',
        `ssh-keyscan ${port}${quote(host.host)} >> ${file === undefined ? '~/.ssh/known_hosts' : quote(file)}`,
      ],
    },
  )
}

function changedKey(host: ResolvedSshHost, name: string, key: Buffer, known: KnownHost): KcapError {
  const shown = `${hostKeyTypeName(key)} key is now ${hostKeyFingerprint(key)}`
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": its ${shown}, not ${hostKeyFingerprint(known.key)} as in ${known.file} line ${known.line}`,
    {
      hints: [
        'someone may stand between you and the host, or it was set up anew: ask who runs it, and only then:',
        `ssh-keygen -f ${quote(known.file)} -R ${quote(name)}`,
      ],
    },
  )
}

function revokedKey(host: ResolvedSshHost, key: Buffer, known: KnownHost): KcapError {
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": its ${hostKeyTypeName(key)} key ${hostKeyFingerprint(key)} is revoked in ${known.file} line ${known.line}`,
    { hints: ['ask who runs the host for its new key; a revoked key may be in the hands of others'] },
  )
}
