import path from 'node:path'
import { fileWord, type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'

/** Returns the error of an installation: the file, and the system's reason in words. */
export function toInstallError(verb: string, file: string, error: unknown, ...hints: readonly Hint[]): KcapError {
  if (error instanceof KcapError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const states: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of its path is no folder',
  }
  return new KcapError('install-failed', `cannot ${verb} "${file}": ${states[code ?? ''] ?? message}`, {
    hints: [line('ls', '-ld', fileWord(path.dirname(file))), ...hints],
    cause: error,
  })
}
