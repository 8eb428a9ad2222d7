import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'

export interface TemporaryUser {
  readonly name: string
  readonly password: string
  remove(): void
}

const sudoersFile = (name: string) => `/etc/sudoers.d/${name}`

/** A user of this machine who may start tcpdump by sudo, with the password at each time, and whatever else its defaults ask for; no other right. */
export function addTemporaryUser(home: string, ...sudoDefaults: readonly string[]): TemporaryUser {
  const name = `kcaptest${sudoDefaults.length}x${process.pid}`
  const password = `pass word-${process.pid}`
  const user = { name, password, remove: () => removeUser(name) }
  try {
    execFileSync('useradd', ['-M', '-d', home, '-s', '/bin/sh', name])
    execFileSync('chpasswd', { input: `${name}:${password}\n` })
    const rights = [
      `Defaults:${name} ${['timestamp_timeout=0', 'passwd_tries=1', ...sudoDefaults].join(', ')}`,
      `${name} ALL=(root) PASSWD: /usr/bin/tcpdump`,
    ]
    writeFileSync(sudoersFile(name), `${rights.join('\n')}\n`, { mode: 0o440 })
  } catch (error) {
    user.remove()
    throw error
  }
  return user
}

function removeUser(name: string): void {
  rmSync(sudoersFile(name), { force: true })
  execFileSync('sh', ['-c', 'id "$1" >/dev/null 2>&1 || exit 0; userdel "$1"', 'sh', name], { stdio: 'ignore' })
}

export interface PlainUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  remove(): void
}

/** A user of this machine without any right beyond a home of its own, with a login shell. */
export function addPlainUser(suffix: string, shell = '/bin/sh'): PlainUser {
  const name = `kcap${suffix}${process.pid}`
  const home = `/home/${name}`
  execFileSync('useradd', ['-m', '-d', home, '-s', shell, name])
  const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }))
  const remove = () => {
    removeUser(name)
    rmSync(home, { recursive: true, force: true })
  }
  return { name, uid: id('-u'), gid: id('-g'), home, remove }
}
