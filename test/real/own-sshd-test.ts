import { test } from 'vitest'
import { hasPrograms } from '../support/has-program.ts'

const programs = ['sshd', 'ssh', 'ssh-agent', 'socat', 'sudo', 'script', 'setcap', 'useradd', 'tcpdump', 'tshark']
const missing = [
  ...(process.getuid?.() === 0 ? [] : ['root']),
  ...programs.filter((name) => !hasPrograms(`${name} || PATH=/usr/sbin:/sbin command -v ${name}`)),
]

/** `test`, where this machine can be an SSH host for itself, with users that are added for it; with KCAP_REQUIRE_REAL=1 what would skip fails. */
export const hasOwnSshd = missing.length === 0 || process.env.KCAP_REQUIRE_REAL === '1'
export const sshdTest = hasOwnSshd ? test : test.skip
if (missing.length > 0) console.log(`real tests of sshd need: ${missing.join(', ')}`)
