import { fileWord, type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'

export const passwordsWithheld = 'no password is sent to a host whose key is wrong, whatever StrictHostKeyChecking says'

/** Returns the error for an encrypted key that nobody could decrypt. */
export function lockedKey(label: string, file: string, canAsk: boolean, hints: readonly Hint[]): KcapError {
  const why = canAsk ? 'is encrypted and no right passphrase was given' : 'is encrypted'
  return new KcapError('ssh-key-encrypted', `cannot log in to "${label}": the key ${file} ${why}`, {
    hints: [line('ssh-add', fileWord(file)), 'start an agent first where there is none: eval "$(ssh-agent)"', ...hints],
  })
}

/** Returns the error for an explicit key that cannot be used. */
export function unreadableKey(path: string, cause: Error & { readonly code?: unknown }): KcapError {
  const { code, message } = cause
  const states: Record<string, string> = { ENOENT: 'no such file', EACCES: 'permission denied' }
  const state = code === undefined ? message : (states[String(code)] ?? String(code))
  return new KcapError('ssh-key-unreadable', `cannot read the ssh key "${path}": ${state}`, {
    hints: [
      code === undefined ? line('ssh-keygen', '-y', '-f', fileWord(path)) : line('ls', '-l', fileWord(path)),
      '--identity FILE takes a private key file',
    ],
    cause,
  })
}
