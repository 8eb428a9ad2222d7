import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'

/**
 * Runs a shell script as root of a copy of this system in which there is no Node: what it changes is in memory, and gone at its end with all
 * mounts, which are in a namespace of their own. The folder is there as /packages, and what the copy differs in as /changes. A Debian from
 * debootstrap would take minutes.
 */
export function runInSystemCopy(folder: string, script: string) {
  const place = path.join(folder, 'system')
  mkdirSync(place, { recursive: true })
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-eu', '-c', enter, place, folder, script],
    {
      encoding: 'utf8',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
      maxBuffer: 1e8,
    },
  )
  return { status, stdout, stderr }
}

const enter = `
mount -t tmpfs none "$0"
mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay none -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
cd "$0/root"
mkdir -p packages changes home/visitor
mount --rbind "$1" packages
mount --rbind "$0/upper" changes
mount -t tmpfs none tmp
mount --rbind /dev dev
mount -t proc none proc
export HOME=/home/visitor
chroot . sh -eu -c '
  while node=$(command -v node); do rm "$node"; done
  cd /home/visitor
  eval "$1"
' sh "$2"
`
