import prompts from 'prompts'
import { printable } from '../base/printable.ts'
import type { ConnectSshOptions } from '../ssh/connect-ssh.ts'

/** Asks for a password or passphrase, unseen; undefined when the person gives none. */
export const askSecret: NonNullable<ConnectSshOptions['askSecret']> = async (prompt) => {
  const { secret } = (await prompts({
    type: 'invisible',
    name: 'secret',
    message: printable(prompt),
    stdout: process.stderr,
  })) as { secret?: string }
  return secret
}

/** Whether the key of an unknown host is to be trusted; shown as ssh shows it. */
export const askHostKey: NonNullable<ConnectSshOptions['askHostKey']> = async ({ host, keyType, fingerprint }) => {
  const message = printable(
    `the host "${host}" is not known; its ${keyType} key fingerprint is ${fingerprint}; trust it`,
  )
  const { yes } = (await prompts({
    type: 'confirm',
    name: 'yes',
    message,
    initial: false,
    stdout: process.stderr,
  })) as { yes?: boolean }
  return yes === true
}

/** Whether something may be created in a cluster. */
export const askConsent = async (question: string): Promise<boolean> => {
  const { yes } = (await prompts({
    type: 'confirm',
    name: 'yes',
    message: printable(question),
    initial: false,
    stdout: process.stderr,
  })) as { yes?: boolean }
  return yes === true
}
