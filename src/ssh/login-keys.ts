import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey, type SigningRequestOptions } from 'ssh2'
import type { WriteLog } from '../base/log.ts'
import { rsaKeyBits } from './config/host-key.ts'
import { unreadableKey } from './login-errors.ts'
import { publicKeyOfEncryptedFile } from './private-key-file.ts'
import type { SecretPrompt } from './secret-prompt.ts'
import type { ResolvedSshHost } from './ssh-host.ts'

/** Key to log in with. Its private half is used only after the host has said that it would accept the key. */
export interface LoginKey {
  /** File that holds the key; undefined if the agent holds it. */
  readonly file?: string
  readonly publicKey: ParsedKey
  /** Whether the file has only a public key, which identifies a key that the agent may hold. */
  readonly publicOnly?: boolean
  /** Whether the file is encrypted; the public half is known regardless. */
  readonly isEncrypted?: boolean
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>
}

export interface LoginKeys {
  /** Keys in the order to offer them. */
  readonly keys: readonly LoginKey[]
  /** Encrypted files that nobody gave a passphrase for; filled while keys are used. */
  readonly lockedFiles: readonly string[]
}

export interface LoginKeysOptions {
  readonly prompt: SecretPrompt
  readonly log: WriteLog
}

const passphraseTries = 3
const agentTimeoutMs = 5_000

/**
 * Loads the login keys in the order to offer them. Explicit files come first, then OpenSSH's order: agent keys named in the config, the agent's other
 * keys (not with IdentitiesOnly), and files the agent does not hold.
 * @throws {KcapError} ssh-key-unreadable — when an explicit file cannot be used
 */
export async function loadLoginKeys(host: ResolvedSshHost, options: LoginKeysOptions): Promise<LoginKeys> {
  const lockedFiles: string[] = []
  const load = (path: string) => loadKeyFile(path, options.prompt, lockedFiles)
  const explicit = await Promise.all(host.explicitIdentityFiles.map(async (path) => orThrow(path, await load(path))))
  const configured = (await Promise.all(host.identityFiles.map(load))).filter(isUsable)
  const agent = await agentKeys(host, options.log)

  const files = [...explicit, ...configured]
  const preferAgent = (key: LoginKey) => agent.find((held) => isSameKey(held, key)) ?? key
  const isNamed = (key: LoginKey) => files.some((file) => isSameKey(file, key))
  const ordered = [
    ...explicit.map(preferAgent),
    ...configured.map(preferAgent).filter((key) => key.file === undefined),
    ...agent.filter((key) => !host.identitiesOnly && !isNamed(key)),
    ...configured,
  ]
  const keys = ordered
    .filter((key, index) => ordered.findIndex((other) => isSameKey(other, key)) === index)
    .filter((key) => key.publicOnly !== true && isAccepted(key, host))
  return { keys, lockedFiles }
}

function isUsable<Key extends LoginKey | ParsedKey>(key: Key | Error): key is Key {
  return !(key instanceof Error)
}

/** Returns whether PubkeyAcceptedAlgorithms and RequiredRSASize allow offering the key (sshconnect2.c, userauth_pubkey). */
function isAccepted({ publicKey }: LoginKey, { algorithms, requiredRsaSize }: ResolvedSshHost): boolean {
  const { loginKeys } = algorithms
  const algorithm = publicKey.type === 'ssh-rsa' ? 'rsa-sha2-256' : publicKey.type
  const bits = rsaKeyBits(publicKey.getPublicSSH()) ?? Number.POSITIVE_INFINITY
  return bits >= requiredRsaSize && (loginKeys === undefined || loginKeys.includes(algorithm))
}

function isSameKey(a: LoginKey, b: LoginKey): boolean {
  return a.publicKey.getPublicSSH().equals(b.publicKey.getPublicSSH())
}

/** Returns the keys of the user's agent; none if it does not answer. */
function agentKeys({ agentSocket }: ResolvedSshHost, log: WriteLog): Promise<LoginKey[]> {
  if (agentSocket === undefined) return Promise.resolve([])
  const agent = ssh2.createAgent(agentSocket)
  return new Promise((resolve) => {
    const finish = (publicKeys: readonly ParsedKey[], failure?: string) => {
      clearTimeout(timer)
      if (failure !== undefined) log(`the ssh agent at ${agentSocket} does not answer: ${failure}`)
      resolve(
        publicKeys.map((publicKey) => ({
          publicKey,
          sign: (data, options) => agentSign(agent, publicKey, data, options),
        })),
      )
    }
    const timer = setTimeout(() => finish([], `nothing within ${agentTimeoutMs / 1000} s`), agentTimeoutMs)
    agent.getIdentities((error, publicKeys = []) => {
      const parsed = publicKeys.map((key) => ssh2.utils.parseKey(key as ParsedKey)).filter(isUsable)
      finish(parsed, error?.message)
    })
  })
}

function agentSign(
  agent: ssh2.BaseAgent,
  publicKey: ParsedKey,
  data: Buffer,
  options: SigningRequestOptions,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.sign(publicKey, data, options, (error, signature) => {
      if (signature === undefined) reject(error ?? new Error('the agent did not sign'))
      else resolve(signature)
    })
  })
}

async function loadKeyFile(path: string, prompt: SecretPrompt, lockedFiles: string[]): Promise<LoginKey | Error> {
  const content = await readFile(path).catch((error: Error) =>
    // The private half may exist only in the agent, with `id.pub` left here to identify it.
    readFile(`${path}.pub`).catch(() => error),
  )
  if (content instanceof Error) return content
  const plain = ssh2.utils.parseKey(content)
  const encrypted = plain instanceof Error && /encrypted/i.test(plain.message)
  const publicKey = encrypted ? await publicKeyOfEncryptedFile(path, content) : plain
  if (publicKey instanceof Error) return publicKey

  let privateKey = plain instanceof Error || !plain.isPrivateKey() ? undefined : plain
  return {
    file: path,
    publicKey,
    publicOnly: !encrypted && privateKey === undefined,
    isEncrypted: encrypted,
    async sign(data, options) {
      privateKey ??= await decryptKey(path, content, prompt)
      if (privateKey === undefined) {
        lockedFiles.push(path)
        throw new Error(`no private key in ${path}`)
      }
      const signature: Buffer | Error = privateKey.sign(data, options.hash)
      if (signature instanceof Error) throw signature
      return signature
    },
  }
}

async function decryptKey(path: string, content: Buffer, prompt: SecretPrompt): Promise<ParsedKey | undefined> {
  for (let tries = 0; prompt.isOpen() && tries < passphraseTries; tries++) {
    const passphrase = await prompt.ask(`Enter passphrase for key '${path}': `)
    if (passphrase === undefined || passphrase === '') return undefined
    const key = ssh2.utils.parseKey(content, passphrase)
    if (!(key instanceof Error)) return key
  }
  return undefined
}

function orThrow(path: string, key: LoginKey | Error): LoginKey {
  if (key instanceof Error) throw unreadableKey(path, key)
  return key
}
