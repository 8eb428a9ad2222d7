import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SshHostName } from '../../src/base/target.ts'

/** A user's home folder with an ssh config of its own, so that nothing of the real user plays a part. */
export interface SshHome {
  readonly folder: string
  readonly configPath: string
  readonly knownHostsPath: string
  /** Writes a file into .ssh and returns its path. */
  write(name: string, text: string, mode?: number): string
  readKnownHosts(): string
  /** A name on loopback that uses this home's config. */
  host(port: number, more?: Partial<SshHostName>): SshHostName
  remove(): void
}

/** `config` holds lines of ssh_config that come before the home's own. */
export function makeSshHome(knownHosts = '', config: readonly string[] = []): SshHome {
  const folder = mkdtempSync(join(tmpdir(), 'kcap-ssh-'))
  const dotSsh = join(folder, '.ssh')
  mkdirSync(dotSsh, { mode: 0o700 })
  const path = (name: string) => join(dotSsh, name)
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(path(name), text, { mode })
    return path(name)
  }
  const knownHostsPath = path('known_hosts')
  if (knownHosts !== '') write('known_hosts', knownHosts)
  const base = [
    `UserKnownHostsFile ${knownHostsPath}`,
    'GlobalKnownHostsFile none',
    `IdentityFile ${path('id_ed25519')}`,
  ]
  const configPath = write('config', `${[...config, 'Host *', ...base.map((line) => `  ${line}`)].join('\n')}\n`)
  return {
    folder,
    configPath,
    knownHostsPath,
    write,
    readKnownHosts: () => (existsSync(knownHostsPath) ? readFileSync(knownHostsPath, 'utf8') : ''),
    host: (port, more = {}) => ({
      kind: 'ssh',
      host: '127.0.0.1',
      port,
      user: 'ann',
      sudo: 'none',
      client: 'ssh2',
      sshConfigPath: configPath,
      ...more,
    }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
