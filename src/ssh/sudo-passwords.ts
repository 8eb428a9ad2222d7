import { rememberAnswers } from './remember-answers.ts'
import { openSecretPrompt } from './secret-prompt.ts'
import type { ConnectSshOptions } from './ssh-context.ts'
import type { ResolvedSshHost } from './ssh-host.ts'

/** Maximum number of attempts, as in sudo itself (`passwd_tries`). */
const tries = 3

/** Whose password sudo wants, and where. */
export interface SudoPlace {
  readonly host: Pick<ResolvedSshHost, 'user' | 'host' | 'batchMode'>
  /** Whether the identity of the host is unproven. */
  isUnproven(): boolean
}

/**
 * Returns a function that supplies possible sudo passwords for a host, one after the other: from KCAP_SUDO_PASSWORD, then from the user. It returns
 * undefined when none is left, or when none may be sent because the host's identity is unproven.
 */
export function makeSudoPasswords(
  { host: { user, host, batchMode }, isUnproven }: SudoPlace,
  { askSecret, answers, environment = process.env }: ConnectSshOptions,
): () => Promise<string | undefined> {
  const given = environment.KCAP_SUDO_PASSWORD || undefined
  const prompt = openSecretPrompt(batchMode ? undefined : rememberAnswers(askSecret, answers))
  let asked = 0
  let isGivenUsed = given === undefined
  return async () => {
    if (isUnproven()) return undefined
    if (!isGivenUsed) {
      isGivenUsed = true
      return given
    }
    asked += 1
    return asked > tries ? undefined : (await prompt.ask(`[sudo] password for ${user} on ${host}: `)) || undefined
  }
}
