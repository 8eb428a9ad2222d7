import { statSync } from 'node:fs'
import path from 'node:path'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'

/**
 * Returns the error for a state without a system error code, or detected without a system call: the file was removed, another user put it there, or
 * another capture writes to it.
 */
export function makeOutputFault(
  code: 'EISDIR' | 'EEXIST' | 'EBADF' | 'REMOVED' | 'PLANTED' | 'INUSE',
): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

/** Returns whether the file was removed, and everything written to it lost. */
export function isRemoved(error: KcapError): boolean {
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'REMOVED'
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Translates file system errors into kcap's. */
export function toOutputError(file: string, error: unknown): KcapError {
  const { code, message } = error as NodeJS.ErrnoException
  const folder = path.dirname(path.resolve(file))
  switch (code) {
    case 'EEXIST':
      return new KcapError('output-exists', `cannot write "${file}": file exists`, {
        hints: ['--force overwrites it', '-o OTHER-NAME'],
        cause: error,
      })
    case 'ENOENT':
    case 'ENOTDIR':
      if (isFolder(folder))
        return new KcapError('output-not-writable', `cannot write "${file}": "${folder}" takes no new files`, {
          hints: ['-o OTHER-NAME'],
          cause: error,
        })
      return new KcapError('output-folder-missing', `cannot write "${file}": there is no folder "${folder}"`, {
        hints: [line('mkdir', '-p', fileWord(folder))],
        cause: error,
      })
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new KcapError(
        'output-full',
        `cannot write on to "${file}": ${code === 'EDQUOT' ? 'the quota is used up' : code === 'EFBIG' ? 'the file may not grow further' : 'the disk is full'}`,
        {
          hints: [
            'the file is valid up to its last whole packet',
            line('df', '-h', fileWord(folder)),
            'keep less of each packet: --snaplen 128',
          ],
          cause: error,
        },
      )
    case 'EBADF':
      return new KcapError('output-not-writable', `cannot write "${file}": the descriptor is not open for writing`, {
        hints: [{ argv: ['-o', file], tail: `${path.basename(file).replace(/\D/g, '')}> FILE` }, '-o FILE'],
        cause: error,
      })
    case 'INUSE':
      return new KcapError('output-in-use', `cannot write "${file}": another capture writes it`, {
        hints: ['-o OTHER-NAME'],
        cause: error,
      })
    case 'PLANTED':
      return new KcapError('output-not-writable', `cannot write "${file}": another user has put it there`, {
        hints: [line('ls', '-ld', fileWord(folder), fileWord(file)), '-o OTHER-NAME'],
        cause: error,
      })
    case 'REMOVED':
      return new KcapError('output-not-writable', `cannot write on to "${file}": it was removed`, {
        hints: ['-o OTHER-NAME'],
        cause: error,
      })
    default: {
      const state =
        code === 'EACCES' || code === 'EPERM'
          ? 'permission denied'
          : code === 'EROFS'
            ? 'the file system is read-only'
            : code === 'EISDIR'
              ? 'is a directory'
              : message
      return new KcapError('output-not-writable', `cannot write "${file}": ${state}`, {
        hints: [line('ls', '-ld', fileWord(folder)), '-o OTHER-NAME'],
        cause: error,
      })
    }
  }
}
