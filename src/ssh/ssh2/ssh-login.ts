import ssh2, { type AnyAuthMethod, type NextAuthHandler, type ParsedKey, type Prompt } from 'ssh2'
import { KcapError } from '../../base/kcap-error.ts'
import { lockedKey, passwordsWithheld } from '../login-errors.ts'
import type { LoginKeys } from '../login-keys.ts'
import type { SecretPrompt } from '../secret-prompt.ts'
import { sshHostLabel, toPlainText } from '../ssh-error.ts'
import type { LoginMethod, ResolvedSshHost } from '../ssh-host.ts'

export interface SshLogin {
  /**
   * Implements ssh2's `authHandler`: returns the next authentication method after each refusal. Calls `giveUp` when the host keeps asking without
   * end.
   */
  authHandler(
    left: readonly string[] | null,
    partialSuccess: boolean,
    next: NextAuthHandler,
    giveUp: (state: string) => void,
  ): void
  /** Returns whether the user, or an agent that may ask its user, is busy; the host's silence means nothing then. */
  isWaitingForUser(): boolean
  /** Offers only keys from now on, because a man in the middle could read passwords. */
  withholdPasswords(): void
  /** Returns why no method worked; `state` overrides the reason found here. */
  failure(state?: string): KcapError
}

export interface SshLoginOptions {
  readonly keys: LoginKeys
  /** Password from KCAP_SSH_PASSWORD. */
  readonly password?: string | undefined
  readonly prompt: SecretPrompt
}

/** Maximum rounds of questions. Password, code and the questions about an expired password make six, and each may come on its own. */
const mostRounds = 30
const mostQuestions = 30
const maxQuestionLength = 1_000

/** Returns a login that uses OpenSSH's order of methods and tries every method the host offers. */
export function makeSshLogin(host: ResolvedSshHost, options: SshLoginOptions): SshLogin {
  const { keys, password, prompt } = options
  const username = host.user
  const tried = new Set<string>()
  let offered: readonly string[] | undefined
  let offeredFirst: readonly string[] | undefined
  let passwordSent = false
  let withholdsPasswords = false
  const canAsk = prompt.isOpen()
  let usersAtWork = 0
  let rounds = 0
  let giveUpLogin: (state: string) => void = () => {}

  async function withUser<Result>(work: () => Promise<Result>): Promise<Result> {
    usersAtWork += 1
    try {
      return await work()
    } finally {
      usersAtWork -= 1
    }
  }

  /** Yields the attempts. The host's list may change during the login: after one of two factors it lists the other. */
  function* attempts(): Generator<Attempt> {
    yield { type: 'none', username }
    const used = new Set<LoginMethod>()
    for (;;) {
      const method = host.loginMethods.find((candidate) => isOffered(candidate) && !used.has(candidate))
      if (method === undefined) return
      used.add(method)
      if (method === 'publickey') yield* keyAttempts()
      else yield* passwordAttempts(method === 'password' ? plainPassword : keyboardInteractive)
    }
  }
  const isOffered = (method: LoginMethod) =>
    (offered?.includes(method) ?? false) && (method === 'publickey' || !withholdsPasswords)

  function* keyAttempts(): Generator<Attempt> {
    if (keys.keys.length === 0) return
    tried.add('publickey')
    let hasSigned = false
    const sign = async (work: () => Promise<Buffer>) => {
      const signature = await withUser(work)
      hasSigned = true
      return signature
    }
    yield { type: 'agent', username, agent: asAgent(keys, sign) }
    // ssh2 does not report the methods left on a host that accepted a key and wants a second factor. This attempt asks for them; the host counts it
    // as a failed login.
    if (hasSigned && (password !== undefined || prompt.isOpen())) yield { type: 'none', username }
  }

  function* passwordAttempts(toAttempt: (given: string | undefined) => Attempt): Generator<Attempt> {
    const method = toAttempt === plainPassword ? 'password' : 'keyboard-interactive'
    if (password !== undefined) yield toAttempt(password)
    for (let asked = 0; asked < host.passwordPrompts && prompt.isOpen() && isOffered(method); asked++) {
      yield toAttempt(undefined)
    }
  }

  async function plainPassword(given: string | undefined): Promise<AnyAuthMethod | undefined> {
    const secret = given ?? (await prompt.ask(`${username}@${host.host}'s password: `))
    if (secret === undefined) return undefined
    tried.add('password')
    passwordSent = true
    return { type: 'password', username, password: secret }
  }

  function keyboardInteractive(given: string | undefined): AnyAuthMethod {
    tried.add('keyboard-interactive')
    let unused = given
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        rounds += 1
        if (rounds > mostRounds || prompts.length > mostQuestions) return giveUpLogin('it asks questions without end')
        const password = prompts.length === 1 && prompts[0]?.echo === false ? unused : undefined
        // Later questions ask for something else, such as a code.
        if (password !== undefined) unused = undefined
        void withUser(() => answerPrompts(prompts, password)).then(finish)
      },
    }
  }

  async function answerPrompts(prompts: readonly Prompt[], given: string | undefined): Promise<string[]> {
    passwordSent = true
    if (given !== undefined) return [given]
    const answers: string[] = []
    for (const question of prompts) {
      const words = toPlainText(question.prompt.slice(0, maxQuestionLength))
      answers.push((await prompt.ask(`(${username}@${host.host}) ${words} `)) ?? '')
    }
    return answers
  }

  const waiting = attempts()
  async function nextAttempt(): Promise<AnyAuthMethod | false> {
    for (let step = waiting.next(); step.done !== true; step = waiting.next()) {
      const attempt = await step.value
      if (attempt !== undefined) return attempt
    }
    return false
  }

  const triedList = () =>
    [...tried].flatMap((method) => (method === 'publickey' ? describeKeys(keys) : [method])).join(', ')

  return {
    authHandler(left, _partialSuccess, next, giveUp) {
      giveUpLogin = giveUp
      // The list arrives with the host's first refusal; before that, `none` is the only method to try.
      offered = left ?? undefined
      offeredFirst ??= offered
      // ssh2 takes `false` to mean that no method is left; its types omit that.
      void withUser(nextAttempt).then(next as (attempt: AnyAuthMethod | false) => void)
    },
    isWaitingForUser: () => usersAtWork > 0,
    withholdPasswords() {
      withholdsPasswords = true
    },
    failure(state) {
      const takes = offeredFirst?.join(',') ?? 'not said'
      const hints = [`tried: ${triedList() || 'nothing, there is no key and no password'}; the host takes: ${takes}`]
      const label = sshHostLabel(host)
      const [locked] = keys.lockedFiles
      if (locked !== undefined && state === undefined) {
        return lockedKey(label, locked, canAsk, hints)
      }
      if (offeredFirst?.includes('publickey')) hints.push('--identity FILE names a key the host knows')
      const takesOthers = offeredFirst?.some((method) => method !== 'publickey') ?? false
      if (takesOthers) hints.push(withholdsPasswords ? passwordsWithheld : 'KCAP_SSH_PASSWORD gives the password')
      const found = passwordSent ? 'the host refused the password' : 'the host refused every login'
      return new KcapError('ssh-login-refused', `cannot log in to "${label}": ${state ?? found}`, { hints })
    },
  }
}

type Attempt = AnyAuthMethod | Promise<AnyAuthMethod | undefined>

/** Describes the keys: `agent (2 keys)`, then the files. */
function describeKeys({ keys, lockedFiles }: LoginKeys): string[] {
  const held = keys.filter((key) => key.file === undefined).length
  const files = keys.flatMap(({ file }) => file ?? [])
  return [
    ...(held === 0 ? [] : [`agent (${held} key${held === 1 ? '' : 's'})`]),
    ...files.map((file) => (lockedFiles.includes(file) ? `${file} (encrypted)` : file)),
  ]
}

/** Presents all keys as one agent, so that ssh2 first asks the host about each key and uses only the accepted one to sign. */
function asAgent({ keys }: LoginKeys, withUser: (work: () => Promise<Buffer>) => Promise<Buffer>): ssh2.BaseAgent {
  class KeyRing extends ssh2.BaseAgent<ParsedKey> {
    override getIdentities(callback: ssh2.IdentityCallback<ParsedKey>): void {
      callback(
        null,
        keys.map((key) => key.publicKey),
      )
    }
    override sign(publicKey: ParsedKey, data: Buffer, options: unknown, callback?: ssh2.SignCallback): void {
      const key = keys.find((candidate) => candidate.publicKey.getPublicSSH().equals(publicKey.getPublicSSH()))
      withUser(async () => {
        if (key === undefined) throw new Error('no such key')
        return await key.sign(data, options as ssh2.SigningRequestOptions)
      })
        .then((signature) => callback?.(null, signature))
        .catch((error: Error) => callback?.(error))
    }
  }
  return new KeyRing()
}
