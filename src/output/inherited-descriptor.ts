import { fstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { makeOutputFault } from './output-error.ts'

/**
 * Returns the status of a descriptor that a capture can be written to. A number that nobody passed on may be one of Node's own pipes, and writing
 * there crashes the process.
 * @throws {Error} EBADF — when it is not open, or cannot take a capture
 */
export function readWritableStatus(descriptor: number): Stats {
  const status = fstatSync(descriptor)
  const isTaken = status.isFIFO() || status.isSocket() || status.isFile() || status.isCharacterDevice()
  if (!isTaken || isReadOnly(descriptor) || (status.isFIFO() && hasOwnReader(descriptor)))
    throw makeOutputFault('EBADF')
  return status
}

/** Returns whether a descriptor is read-only, which only Linux reveals. https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
function isReadOnly(descriptor: number | string): boolean {
  try {
    const [, flags = '1'] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? []
    return (Number.parseInt(flags, 8) & 0b11) === 0
  } catch {
    return false
  }
}

/** Returns whether this process itself would read what it writes. */
function hasOwnReader(descriptor: number): boolean {
  const folder = '/proc/self/fd'
  try {
    const pipe = readlinkSync(`${folder}/${descriptor}`)
    return readdirSync(folder).some((other) => readTarget(`${folder}/${other}`) === pipe && isReadOnly(other))
  } catch {
    return false
  }
}

function readTarget(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    // This descriptor belonged to the directory listing.
    return undefined
  }
}
