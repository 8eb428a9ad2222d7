import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { KcapError } from '../base/kcap-error.ts'
import type { SshHostName } from '../base/target.ts'
import { runProgram } from '../host/run-program.ts'
import { readAgentKeyTypes } from './agent-key-types.ts'
import { hostKeyType } from './config/host-key.ts'
import { findForeignCheck } from './config/host-key-check.ts'
import { locate } from './config/host-key-errors.ts'
import { knownKeyTypes, matchesHost } from './config/known-hosts.ts'
import { namesInKnownHosts, readKnownHosts } from './config/read-known-hosts.ts'
import type { SshChain } from './config/resolve-ssh-chain.ts'
import { makeSshWords } from './openssh/openssh-words.ts'
import { publicBlob } from './private-key-file.ts'
import type { SshContext } from './ssh-context.ts'
import { nothingInCommon } from './ssh-error.ts'
import type { ResolvedSshHost } from './ssh-host.ts'
import { chooseAlgorithms } from './ssh2/ssh-algorithms.ts'

const quickTimeoutMs = 3_000

/**
 * Returns why to use the system's ssh: some settings, user and host certificates, FIDO keys, Kerberos, an open shared connection, algorithms and some
 * host key checks are beyond ssh2 1.17. Returns undefined if ssh2 supports everything that the config and the keys at hand ask for.
 */
export async function findOpensshReason(
  name: SshHostName,
  chain: SshChain,
  context: SshContext,
): Promise<string | undefined> {
  for (const host of chain) {
    const reason =
      findForeignSetting(host) ??
      refusesAlgorithms(host) ??
      (await findSpecialKey(host)) ??
      (await findHostKeyReason(host)) ??
      (await findTicket(host, context))
    if (reason !== undefined) return reason
  }
  return await findOpenConnection(name, chain, context)
}

/** Returns why to use the system's ssh after ssh2 has failed; undefined if that would not help. */
export function findReasonInFailure(error: unknown): string | undefined {
  const algorithm = error instanceof KcapError ? error.facts.algorithm : undefined
  return algorithm === undefined ? undefined : nothingInCommon(algorithm)
}

function findForeignSetting({ foreignSettings, algorithms }: ResolvedSshHost): string | undefined {
  const [setting] = foreignSettings
  if (setting !== undefined) return `its ssh config says ${setting}`
  const isOtherRsa = algorithms.loginKeys?.some((name) => /^(rsa-sha2-512|ssh-rsa)$/.test(name)) === true
  return isOtherRsa && !algorithms.loginKeys?.includes('rsa-sha2-256')
    ? 'its PubkeyAcceptedAlgorithms do not have rsa-sha2-256'
    : undefined
}

function refusesAlgorithms(host: ResolvedSshHost): string | undefined {
  try {
    chooseAlgorithms(host, [])
    return undefined
  } catch (error) {
    return error instanceof KcapError ? error.message.replace(/^[^:]*"[^"]*": /, '') : String(error)
  }
}

/**
 * Returns a reason for certificates and security keys. Whoever has such a key intends to use it, and ssh2 would ask for a password before failing.
 */
async function findSpecialKey(host: ResolvedSshHost): Promise<string | undefined> {
  const files = [...host.explicitIdentityFiles, ...host.identityFiles]
  const certificate = [...host.certificateFiles, ...files.map((file) => `${file}-cert.pub`)].find(existsSync)
  if (certificate !== undefined) return `${certificate} is a certificate`
  for (const file of files) {
    const content = await readFile(file).catch(() => undefined)
    if (content !== undefined && isSpecial(hostKeyType(publicBlob(content) ?? Buffer.alloc(0))))
      return `${file} is a key on a security key`
  }
  const held = host.agentSocket === undefined ? [] : await readAgentKeyTypes(host.agentSocket)
  const special = held.find(isSpecial)
  return special === undefined ? undefined : `the agent holds a key of the type ${special}`
}

function isSpecial(type: string): boolean {
  return type.startsWith('sk-') || type.includes('-cert-v01@')
}

/** Returns a reason for checks that only ssh makes, and for host keys that ssh2 does not support: certificates, security keys. */
async function findHostKeyReason(host: ResolvedSshHost): Promise<string | undefined> {
  const foreign = await findForeignCheck(host)
  if (foreign !== undefined) return foreign
  const knownHosts = await readKnownHosts(host)
  const { name, plainName } = namesInKnownHosts(host)
  const special = knownKeyTypes(knownHosts, name).find(isSpecial)
  if (special !== undefined) return `the host is known by a key of the type ${special}`
  const authority = knownHosts.find(
    ({ marker, hosts }) => marker === 'cert-authority' && (matchesHost(hosts, name) || matchesHost(hosts, plainName)),
  )
  return authority && `the host is known by a certificate authority, ${locate(authority)}`
}

async function findTicket(host: ResolvedSshHost, { environment, signal }: SshContext): Promise<string | undefined> {
  if (!host.usesGssapi) return undefined
  const { exitCode } = await runProgram(['klist', '-s'], { environment, timeoutMs: quickTimeoutMs, signal })
  return exitCode === 0 ? 'there is a Kerberos ticket' : undefined
}

async function findOpenConnection(
  name: SshHostName,
  chain: SshChain,
  { environment, signal }: SshContext,
): Promise<string | undefined> {
  const { controlPath, isControlPathUnclear } = chain[chain.length - 1] as ResolvedSshHost
  if (controlPath === undefined || !(isControlPathUnclear || existsSync(controlPath))) return undefined
  const { exitCode } = await runProgram(['ssh', '-O', 'check', ...makeSshWords(name)], {
    environment,
    timeoutMs: quickTimeoutMs,
    signal,
  })
  return exitCode === 0 ? `a connection is open at ${controlPath}` : undefined
}
