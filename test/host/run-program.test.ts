import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { ignoreTrustSwitch, makeChildEnvironment } from '../../src/host/child-environment.ts'
import { runProgram } from '../../src/host/run-program.ts'
import { startCommandLine, startProgram } from '../../src/host/start-program.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const secrets = 'printenv KCAP_SSH_PASSWORD KCAP_SUDO_PASSWORD; echo end'

/** Reports whether a process runs; a zombie that init has not reaped does not. */
function isRunning(pid: string): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

test("no program that kcap starts has kcap's own secrets in its environment", async () => {
  vi.stubEnv('KCAP_SSH_PASSWORD', 's1')
  vi.stubEnv('KCAP_SUDO_PASSWORD', 's2')
  const environment = { KCAP_SSH_PASSWORD: 's3' }
  const timeoutMs = 5_000
  expect((await runProgram(['sh', '-c', secrets], { timeoutMs })).stdout).toBe('end')
  expect((await runProgram(['sh', '-c', secrets], { timeoutMs, environment })).stdout).toBe('end')
  const whole = { environment: { ...process.env }, isEnvironmentWhole: true, timeoutMs }
  expect((await runProgram(['sh', '-c', secrets], whole)).stdout).toBe('end')
  for (const start of [() => startProgram(['sh', '-c', secrets], environment), () => startCommandLine(secrets)])
    expect((await buffer((await start()).stdout)).toString()).toBe('end\n')
  expect(Object.keys(makeChildEnvironment(process.env, true)).filter((name) => /PASSWORD/.test(name))).toEqual([])
  vi.unstubAllEnvs()
})

test("kcap removes Node's switch for unchecked TLS from itself, and its programs get it", async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  ignoreTrustSwitch()
  expect(process.env.NODE_TLS_REJECT_UNAUTHORIZED).toBeUndefined()
  const { stdout } = await runProgram(['sh', '-c', 'echo "$NODE_TLS_REJECT_UNAUTHORIZED"'], { timeoutMs: 5_000 })
  expect(stdout).toBe('0')
  vi.unstubAllEnvs()
})

test.each([true, false])(
  'a program that is stopped, interactive: %s, ends with all its children',
  async (interactive) => {
    const file = path.join(await makeTempFolder(), 'children')
    const line = `trap '' TERM; (trap '' TERM; sleep 63.5) & (sleep 63.5; true) & echo $! >> ${file}; echo $$ >> ${file}; wait; wait`
    const stop = new AbortController()
    const running = runProgram(['sh', '-c', line], { timeoutMs: 60_000, signal: stop.signal, interactive, input: '' })
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').split('\n').length).toBe(3)
    const startedMs = Date.now()
    stop.abort(new Error('stopped'))
    expect((await running).exitCode).toBeUndefined()
    expect(Date.now() - startedMs).toBeLessThan(2_000)
    const processes = readFileSync(file, 'utf8').trim().split('\n')
    await expect.poll(() => processes.filter(isRunning), { timeout: 10_000 }).toEqual([])
  },
)

test('a program does not start when its signal is already aborted', async () => {
  const file = path.join(await makeTempFolder(), 'started')
  const result = await runProgram(['touch', file], { timeoutMs: 5_000, signal: AbortSignal.abort() })
  expect(result).toMatchObject({ exitCode: undefined, startFailure: 'kcap was stopped' })
  expect(existsSync(file)).toBe(false)
})
