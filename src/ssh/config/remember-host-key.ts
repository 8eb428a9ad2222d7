import { randomBytes } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { WriteLog } from '../../base/log.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { sshHostLabel } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { hostKeyType, hostKeyTypeName } from './host-key.ts'
import { hashedHostField } from './known-hosts.ts'

export interface RememberOptions {
  readonly homeFolder: string
  readonly log: WriteLog
}

/**
 * Adds the key under these names to the user's first known_hosts file, like ssh (hostfile.c, add_host_to_hostfile). A file that cannot be written is
 * no reason to refuse the host. The only folder created for it is ~/.ssh.
 */
export async function rememberHostKey(
  host: ResolvedSshHost,
  names: readonly string[],
  key: Buffer,
  { homeFolder, log }: RememberOptions,
): Promise<void> {
  const file = host.userKnownHostsFiles[0]
  if (file === undefined || file === '/dev/null') return
  const lowercase = names.map((name) => name.toLowerCase())
  const fields = host.hashKnownHosts
    ? lowercase.map((name) => hashedHostField(name, randomBytes(20)))
    : [lowercase.join(',')]
  const lines = fields.map((field) => `${field} ${hostKeyType(key)} ${key.toString('base64')}\n`).join('')
  try {
    if (path.dirname(file) === path.join(homeFolder, '.ssh')) makeFolder(path.dirname(file))
    const before = await readFile(file, 'utf8').catch(() => '')
    await appendFile(file, before === '' || before.endsWith('\n') ? lines : `\n${lines}`, { mode: 0o600 })
    log(`added the ${hostKeyTypeName(key)} key of "${sshHostLabel(host)}" to ${file}`)
  } catch (error) {
    log(`cannot add the key of "${sshHostLabel(host)}" to ${file}: ${error instanceof Error ? error.message : error}`)
  }
}
