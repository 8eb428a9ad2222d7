import { KcapError } from '../base/kcap-error.ts'

/** Translates the error of a server that cannot listen at `what`. */
export function toShareError(what: string, error: NodeJS.ErrnoException): KcapError {
  const states: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'you may not listen there',
    EPERM: 'you may not listen there',
    EEXIST: 'there is a file of that name',
    ENOENT: 'there is no such folder',
    ENOTDIR: 'there is no such folder',
    EINVAL: 'the path is too long for a socket',
    ENOTFOUND: 'no such host',
  }
  const state = states[error.code ?? ''] ?? error.message
  return new KcapError('share-failed', `cannot share the capture at "${what}": ${state}`, {
    hints: ['--serve', '--serve ADDRESS:PORT'],
    cause: error,
  })
}
