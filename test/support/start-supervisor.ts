import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { makeSupervisedArgv, type SupervisedCapture } from '../../src/remote/supervised-argv.ts'

/** Runs the supervisor in a shell of this machine, with what it says kept. */
export function startSupervisor(
  [program = 'sh', ...words]: readonly string[],
  capture: Pick<SupervisedCapture, 'programs'> & Partial<SupervisedCapture>,
  environment: Record<string, string> = {},
) {
  const [, ...argv] = makeSupervisedArgv({
    captureId: 'id-1',
    sudo: 'none',
    ownStream: { kind: 'elsewhere' },
    filter: '',
    network: { kind: 'here' },
    compression: 'none',
    ...capture,
  })
  const child = spawn(program, [...words, ...argv], {
    env: { ...process.env, ...environment },
  }) as ChildProcessWithoutNullStreams
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {})
  const exited = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  return { child, exited, stdout: () => stdout, stderr: () => stderr }
}

export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(25)
  expect(condition()).toBe(true)
}
