import { printable } from '../base/printable.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import { askPerson } from './ask-person.ts'

/** What a capture may ask a person. */
export interface Questions {
  /** A password or passphrase, unseen; undefined when the person gives none. */
  readonly askSecret: NonNullable<ConnectSshOptions['askSecret']>
  /** Whether the key of an unknown host is to be trusted; shown as ssh shows it. */
  readonly askHostKey: NonNullable<ConnectSshOptions['askHostKey']>
  /** Whether something may be created in a cluster. */
  askConsent(question: string): Promise<boolean>
}

/** The signal takes back what is being asked. */
export function makeQuestions(signal: AbortSignal): Questions {
  const confirm = async (message: string) =>
    await askPerson<boolean>({ type: 'confirm', message: printable(message), initial: false }, signal)
  return {
    askSecret: async (prompt) => await askPerson<string>({ type: 'invisible', message: printable(prompt) }, signal),
    askHostKey: async ({ host, keyType, fingerprint }) =>
      (await confirm(`the host "${host}" is not known; its ${keyType} key fingerprint is ${fingerprint}; trust it`)) ===
      true,
    async askConsent(question) {
      const answer = await confirm(question)
      // Ctrl-C reaches a question as a key: it is no "no", after which the next would be asked.
      if (answer === undefined && !signal.aborted) process.emit('SIGINT', 'SIGINT')
      return answer === true
    },
  }
}
