import type { SshChain } from '../config/resolve-ssh-chain.ts'
import { openSecretPrompt } from '../secret-prompt.ts'
import type { SshContext } from '../ssh-context.ts'
import { toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import type { AnswerSsh } from './openssh-askpass.ts'

/** Host key that nobody has trusted yet. */
export interface UntrustedKey {
  /** Name of the host in known_hosts. */
  readonly name: string
  readonly keyType: string
  /** SHA-256 fingerprint: `SHA256:…`. */
  readonly fingerprint: string
}

export interface SshAnswers {
  readonly answer: AnswerSsh
  /** Returns whether a key stayed locked because its passphrase was missing or never correct. */
  stayedLocked(): boolean
  untrustedKey(): UntrustedKey | undefined
  /** Returns a question from ssh that was answered "no" without asking the user. */
  declinedQuestion(): string | undefined
}

export interface SshAnswersOptions {
  /** Reports texts from ssh that need no answer, such as the request to touch a security key. */
  readonly tell: (text: string) => void
}

/**
 * Passphrase attempts per key. Each prints `Enter passphrase for key`; older versions print `Bad passphrase, try again for` (sshconnect2.c,
 * load_identity_file).
 */
const passphraseTries = 3

/**
 * Answers ssh's questions like the login by ssh2. KCAP_SSH_PASSWORD answers the target host's own password prompt, once; everything else goes to the
 * user. The texts come from OpenSSH's sshconnect.c and sshconnect2.c.
 */
export function makeSshAnswers(chain: SshChain, context: SshContext, options: SshAnswersOptions): SshAnswers {
  const host = chain[chain.length - 1] as ResolvedSshHost
  const { askHostKey } = context
  const prompt = openSecretPrompt(host.batchMode ? undefined : context.askSecret)
  let password = context.environment.KCAP_SSH_PASSWORD || undefined
  let passphrasesAsked = 0
  let lastAsked = ''
  let isDeclined = false
  let untrusted: UntrustedKey | undefined
  let declined: string | undefined

  async function askPerson(question: string): Promise<string | undefined> {
    const given = await prompt.ask(toPlainText(question))
    if (!/^(Enter|Bad) passphrase/.test(question)) return given
    passphrasesAsked = question === lastAsked || question.startsWith('Bad') ? passphrasesAsked + 1 : 1
    lastAsked = question
    isDeclined ||= given === undefined
    return given
  }

  async function mayTrust(question: string, named: string): Promise<boolean> {
    const [, keyType = 'host', fingerprint = ''] = /(\S+) key fingerprint is (SHA256:[\w+/]+)/.exec(question) ?? []
    const key = { host: toPlainText(named), keyType: toPlainText(keyType), fingerprint }
    const isTrusted = host.batchMode ? false : ((await askHostKey?.(key)) ?? false)
    if (!isTrusted) untrusted = { name: named.split(' ')[0] ?? '', keyType: key.keyType, fingerprint }
    return isTrusted
  }

  return {
    async answer(question, kind) {
      if (kind === 'none') {
        options.tell(toPlainText(question))
        return undefined
      }
      const named = /^The authenticity of host '([^']*)'/.exec(question)?.[1]
      if (named !== undefined) return (await mayTrust(question, named)) ? 'yes' : 'no'
      if (/^Warning: the \S+ host key for .* differs from the key for the IP address/.test(question)) {
        declined = question
        return 'no'
      }
      if (password !== undefined && asksPasswordOf(question, chain)) {
        const given = password
        password = undefined
        return given
      }
      return await askPerson(question)
    },
    stayedLocked: () => isDeclined || passphrasesAsked >= passphraseTries,
    untrustedKey: () => untrusted,
    declinedQuestion: () => declined,
  }
}

/**
 * Returns whether the target host is asking. Everything after the beginning of a question may be a host's own words. A jump host must not obtain the
 * password by naming the host behind it, nor by having the same name.
 */
function asksPasswordOf(question: string, chain: SshChain): boolean {
  const [host, ...before] = [...chain].reverse() as [ResolvedSshHost, ...ResolvedSshHost[]]
  const mine = beginnings(host)
  if (before.flatMap(beginnings).some((beginning) => mine.includes(beginning))) return false
  // Before 8.5, ssh passes keyboard-interactive questions on unchanged.
  const isBare = before.length === 0 && !/^\(|^(Enter|Bad) passphrase/.test(question)
  return /password/i.test(question) && (isBare || mine.some((beginning) => question.startsWith(beginning)))
}

/** Returns the beginnings of the host's questions: `USER@HOST's password: `, and `(USER@HOST) ` before the host's own words. */
function beginnings({ user, host, hostKeyAlias }: ResolvedSshHost): string[] {
  const name = hostKeyAlias ?? host.toLowerCase()
  return [`${user.slice(0, 30)}@${name.slice(0, 128)}'s password: `, `(${user}@${name}) `]
}
