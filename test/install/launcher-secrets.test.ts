import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { formatLauncher } from '../../src/install/format-launcher.ts'
import { programPath } from '../support/run-kcap.ts'
import { shells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
const program = path.join(top, 'dist', 'kcap.cjs')
const launcher = path.join(top, 'kcap')
mkdirSync(path.join(top, 'dist'))
copyFileSync(path.join(path.dirname(programPath), 'launcher.sh'), path.join(top, 'dist', 'launcher.sh'))
writeFileSync(
  program,
  'console.log(JSON.stringify([process.argv.slice(2), process.env.KCAP_SSH_PASSWORD, process.env.KCAP_SUDO_PASSWORD]))',
)
writeFileSync(launcher, formatLauncher({ node: process.execPath, script: program }, 'linux'), { mode: 0o755 })

test.each(shells)('the launcher in %s %s passes passwords of the dialog to Node in its environment', (...words) => {
  const [command = '', ...rest] = words.filter((word) => word !== undefined)
  const ask = (...argv: string[]) => JSON.parse(execFileSync(command, [...rest, launcher, ...argv]).toString())
  const secret = `it's a "$(touch x)" \\ *`
  expect(ask('--capture', '--ssh-password', secret, '--fifo', '', '--sudo-password', 'b')).toEqual([
    ['--capture', '--fifo', ''],
    secret,
    'b',
  ])
  expect(ask('--capture', '--ssh-password', '', '--fifo', 'a b')).toEqual([['--capture', '--fifo', 'a b'], null, null])
})
