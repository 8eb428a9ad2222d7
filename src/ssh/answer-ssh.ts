import type { AnswerSsh } from './openssh-askpass.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { openSecretPrompt } from './secret-prompt.ts'
import type { SshContext } from './ssh-context.ts'
import { sshHostLabel, toPlainText } from './ssh-error.ts'

export interface SshAnswers {
  readonly answer: AnswerSsh
  /** Whether a key stayed closed because its passphrase was not given, or never the right one. */
  stayedLocked(): boolean
}

/** `Enter passphrase for key`, then `Bad passphrase, try again for` (sshconnect2.c, load_identity_file). */
const passphraseTries = 3

/** Whether there is anybody, or anything, to answer ssh. */
export function canAnswerSsh(host: ResolvedSshHost, { environment, askSecret, askHostKey }: SshContext): boolean {
  const isSomebody = (askSecret ?? askHostKey) !== undefined && !host.batchMode
  return process.platform !== 'win32' && (isSomebody || Boolean(environment.KCAP_SSH_PASSWORD))
}

/**
 * Answers as the login by ssh2 does: KCAP_SSH_PASSWORD is for the host's own password, once; the rest is for the person.
 * The texts are of OpenSSH's sshconnect.c and sshconnect2.c.
 */
export function makeSshAnswers(host: ResolvedSshHost, context: SshContext): SshAnswers {
  const { log, askHostKey } = context
  const prompt = openSecretPrompt(host.batchMode ? undefined : context.askSecret)
  let password = context.environment.KCAP_SSH_PASSWORD || undefined
  let passphrasesAsked = 0
  let isDeclined = false
  async function askPerson(question: string): Promise<string | undefined> {
    const given = await prompt.ask(toPlainText(question))
    if (!/passphrase/i.test(question)) return given
    passphrasesAsked = /try again/i.test(question) ? passphrasesAsked + 1 : 1
    isDeclined ||= given === undefined
    return given
  }
  const answer: AnswerSsh = async (question, kind) => {
    if (kind === 'none') {
      log(toPlainText(question))
      return undefined
    }
    if (/continue connecting \(yes\/no/.test(question)) {
      const [, keyType = 'unknown', fingerprint = ''] = /(\S+) key fingerprint is (SHA256:[\w+/]+)/.exec(question) ?? []
      const named = /^The authenticity of host '([^']*)'/.exec(question)?.[1]
      const accepted = await askHostKey?.({ host: toPlainText(named ?? sshHostLabel(host)), keyType, fingerprint })
      return accepted === true ? 'yes' : 'no'
    }
    const isOfHost = question.includes(`${host.user}@${host.host}`) || question.includes(`${host.user}@${host.alias}`)
    if (isOfHost && password !== undefined && /password/i.test(question)) {
      const given = password
      password = undefined
      return given
    }
    return await askPerson(question)
  }
  return { answer, stayedLocked: () => isDeclined || passphrasesAsked >= passphraseTries }
}
