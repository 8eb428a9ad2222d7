import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { makeCleanupArgv } from '../../src/remote/cleanup-script.ts'
import { makeKeepAliveArgv } from '../../src/remote/keep-alive-script.ts'
import { makeProbeArgv } from '../../src/remote/probe-script.ts'
import { makeSupervisedArgv } from '../../src/remote/supervised-argv.ts'
import { makeUploadArgv } from '../../src/remote/upload-script.ts'
import { distinctShells } from '../support/shells.ts'

const scripts: readonly (readonly [string, readonly string[]])[] = [
  ['cleanup', makeCleanupArgv('look')],
  ['keeper', makeKeepAliveArgv(60, 'kcap-')],
  ['probe', makeProbeArgv()],
  ['upload', makeUploadArgv({ name: 'kcap-tcpdump-1', captureId: 'id-1', size: 1, machines: [] })],
  [
    'supervisor',
    makeSupervisedArgv({
      captureId: 'id-1',
      sudo: 'none',
      ownStream: { kind: 'elsewhere' },
      filter: '',
      network: { kind: 'here' },
      compression: 'gzip',
      programs: [['tcpdump']],
    }),
  ],
]

describe.each(distinctShells)('the shell %s', (...shell) => {
  test.each(scripts)('reads the %s script without complaint', (_name, [sh, flag, script = '']) => {
    expect([sh, flag]).toEqual(['sh', '-c'])
    const [program = '', ...words] = shell
    const { status, stderr } = spawnSync(program, [...words, '-n', '-c', script], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })
})
