import { lstatSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * Returns whether another user may have put a file, a link or a FIFO where this user is about to write. That is so if others can write to its folder,
 * and it belongs neither to this user nor to the folder's owner. Linux has the same rule (fs.protected_symlinks, _regular and _fifos,
 * https://docs.kernel.org/admin-guide/sysctl/fs.html), but not for every folder, and it can be switched off.
 */
export function isPlanted(file: string): boolean {
  if (process.platform === 'win32') return false
  const folder = path.dirname(path.resolve(file))
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return false
  const { uid, mode } = statSync(folder)
  return (mode & 0o022) !== 0 && found.uid !== uid && found.uid !== process.geteuid?.()
}
