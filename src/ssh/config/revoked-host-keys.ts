import { readFile } from 'node:fs/promises'
import { fileWord, line } from '../../base/hint.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { parseHostKey } from './host-key.ts'
import { locate, revokedHostKey, showKey, uncheckedHostKey } from './host-key-errors.ts'

const krlMagic = 'SSHKRL\n\0'

/** Returns the first RevokedHostKeys file that is no plain list of keys. Only ssh reads key revocation lists and certificates. */
export async function findRevocationList(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await readFile(file, 'latin1').catch(() => '')
    if (text.startsWith(krlMagic) || text.includes('-cert-v01@openssh.com')) return file
  }
  return undefined
}

/**
 * Refuses a key listed in a RevokedHostKeys file, and every key if such a file cannot be read to its end (authfile.c, sshkey_in_file).
 * @throws {KcapError} ssh-host-key-changed — when the key is revoked
 * @throws {KcapError} ssh-failed — when a file cannot be read
 */
export async function refuseRevokedKey(host: ResolvedSshHost, key: Buffer): Promise<void> {
  for (const file of host.revokedHostKeys) {
    const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
      throw unreadable(host, file, `it can't be read: ${error.code === 'ENOENT' ? 'no such file' : error.message}`)
    })
    for (const [index, written] of text.split('\n').entries()) {
      const content = (written.split('\0', 1)[0] ?? '').replace(/^[ \t]+/, '')
      if (content === '' || content.startsWith('#')) continue
      const revoked = parseHostKey(content)
      if (revoked === undefined) throw unreadable(host, file, `line ${index + 1} is no public key`)
      if (revoked.equals(key)) throw revokedHostKey(host, showKey(key), locate({ file, line: index + 1 }))
    }
  }
}

function unreadable(host: ResolvedSshHost, file: string, state: string) {
  return uncheckedHostKey(host, `${state} (RevokedHostKeys ${file})`, [line('ls', '-l', fileWord(file))])
}
