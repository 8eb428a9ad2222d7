import { printable, printableLines } from '../base/printable.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import { askPerson } from './ask-person.ts'
import { makeConfirmQuestion, makeSecretQuestion } from './plain-questions.ts'

/** Questions that a capture may ask a person. */
export interface Questions {
  /** Asks for a password or passphrase; undefined if the person enters none. */
  readonly askSecret: NonNullable<ConnectSshOptions['askSecret']>
  /** Asks whether to trust the key of an unknown host, which it displays like ssh. */
  readonly askHostKey: NonNullable<ConnectSshOptions['askHostKey']>
  /** Asks whether kcap may create something in a cluster. */
  askConsent(question: string): Promise<boolean>
}

/** Returns the questions. The signal withdraws an open one. */
export function makeQuestions(signal: AbortSignal): Questions {
  const confirm = async (text: string) => (await askPerson(makeConfirmQuestion(text), signal)) === true
  return {
    askSecret: async (prompt) => await askPerson(makeSecretQuestion(printable(prompt)), signal),
    askHostKey: async ({ host, keyType, fingerprint }) =>
      await confirm(
        printable(`the host "${host}" is not known; its ${keyType} key fingerprint is ${fingerprint}; trust it?`),
      ),
    askConsent: async (question) => await confirm(printableLines(question)),
  }
}
