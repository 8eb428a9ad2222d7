import { openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toOutputError } from '../../src/output/output-error.ts'

function failToOpen(file: string): unknown {
  try {
    openSync(file, 'w')
    return undefined
  } catch (error) {
    return error
  }
}

test.runIf(process.platform === 'linux')('the error for a read-only folder does not call the folder missing', () => {
  const error = toOutputError('/proc/capture.pcapng', failToOpen('/proc/capture.pcapng'))
  expect([error.code, error.message, error.hints]).toEqual([
    'output-not-writable',
    'cannot write "/proc/capture.pcapng": "/proc" takes no new files',
    ['-o OTHER-NAME'],
  ])
})
