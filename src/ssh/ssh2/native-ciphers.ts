import { lstatSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** Path of the ciphers in the ssh2 package after npm has compiled them. */
const compiledPath = ['lib', 'protocol', 'crypto', 'build', 'Release', 'sshcrypto.node'] as const

/**
 * Loads the ciphers that npm compiled for ssh2, which halve the cost of a packet; ssh2 falls back to Node's if this throws. They run as this user, so
 * they come from two fixed places only: `node_modules/ssh2` in kcap's package, and `ssh2` next to it in the same `node_modules`. Node itself would
 * search every parent folder.
 * @throws {Error} when there are none, or they cannot be loaded
 */
export function loadNativeCiphers(programFolder: string = import.meta.dirname): unknown {
  const file = findNativeCiphers(programFolder)
  if (file === undefined) throw new Error('there are no compiled ciphers')
  return createRequire(file)(file)
}

/** Returns the file of the compiled ciphers; undefined if there is none, or somebody else may have put it there. */
export function findNativeCiphers(programFolder: string): string | undefined {
  const distFolder = path.basename(programFolder) === 'chunks' ? path.dirname(programFolder) : programFolder
  const packageFolder = path.dirname(distFolder)
  const sibling = path.dirname(packageFolder)
  const roots = [
    path.join(packageFolder, 'node_modules'),
    ...(path.basename(sibling) === 'node_modules' ? [sibling] : []),
  ]
  return roots.map((root) => path.join(root, 'ssh2', ...compiledPath)).find((file) => isTrusted(file, packageFolder))
}

/** Returns whether a file and the folders above it belong to this user or root, are no links, and are writable by nobody else. */
function isTrusted(file: string, packageFolder: string): boolean {
  const base = path.dirname(packageFolder)
  for (let place = file; place !== base && place !== path.dirname(place); place = path.dirname(place)) {
    const status = lstatSync(place, { throwIfNoEntry: false })
    if (status === undefined || status.isSymbolicLink()) return false
    if (process.platform === 'win32') continue
    if ((status.uid !== 0 && status.uid !== process.geteuid?.()) || (status.mode & 0o002) !== 0) return false
  }
  return true
}
