import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { hasPrograms } from '../support/has-program.ts'

const isRoot = process.getuid?.() === 0
const programs = ['busybox', 'chroot', 'dpkg', 'ldd', 'rpmbuild', 'tshark', 'unzip']
const missing = [...(isRoot ? [] : ['root']), ...programs.filter((name) => !hasPrograms(name))]
const isHere = process.platform === 'linux' && process.arch === 'x64'

/** `test`, where packages for Linux on x64 can be unpacked into roots of their own and run there. */
export const packageTest = isHere && (missing.length === 0 || process.env.KCAP_REQUIRE_REAL === '1') ? test : test.skip
if (missing.length > 0) console.log(`tests of packages need: ${missing.join(', ')}`)

/** Runs the packaging for platforms and with options. Packages of Node and Debian stay in out/, so that a second run fetches nothing. */
export function buildPackages(out: string, ...words: string[]): void {
  const argv = [
    'packaging/make-packages.js',
    '--out',
    out,
    '--node-folder',
    'out/node',
    '--debian-folder',
    'out/debian',
    ...words,
  ]
  execFileSync(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] })
}

export const nameOf = (platform: string) => `kcap-${version}-${platform}`

/** Unpacks the archive for this machine; returns the folder that was in it. */
export function unpack(out: string, folder: string): string {
  execFileSync('tar', ['-xzf', path.join(out, `${nameOf('linux-x64')}.tar.gz`), '-C', folder])
  return path.join(folder, nameOf('linux-x64'))
}
