import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { hasPrograms } from '../support/has-program.ts'

const remoteScripts = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.sh'))
  .map((file) => path.join('src', file))
const otherScripts = ['launchers/kcap', 'launchers/kcap-extcap', 'launchers/launcher.sh', 'installers/install.sh']

// CI has shellcheck, and installs it before the gates.
test.skipIf(!hasPrograms('shellcheck')).each([...remoteScripts, ...otherScripts])(
  'shellcheck finds nothing in %s',
  (file) => {
    const { stdout, stderr } = spawnSync('shellcheck', ['-x', '-P', 'SCRIPTDIR', file], { encoding: 'utf8' })
    expect(stdout + stderr).toBe('')
  },
)
