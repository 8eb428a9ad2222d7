import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { makeKeeperArgv } from '../../src/remote/keeper-script.ts'
import { distinctShells } from '../support/shells.ts'
import { until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** As long as it pauses between two looks; no shorter time can be asked for. */
const idleSeconds = 5
const keepers: ChildProcess[] = []
afterAll(() => {
  // Each leads a group, in which its last pause may still run.
  for (const { pid } of keepers) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // The group has ended.
    }
  }
})

function startKeeper([program = 'sh', ...words]: readonly string[], prefix = `kcap-${randomUUID()}`) {
  const [, ...argv] = makeKeeperArgv(idleSeconds, prefix)
  const child = spawn(program, [...words, ...argv], { stdio: 'ignore', detached: true })
  keepers.push(child)
  const startedMs = Date.now()
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal, tookMs: Date.now() - startedMs }))
  return { child, exited }
}

describe.each(distinctShells)('in %s', (...shell) => {
  test('it is told to end, and does so at once', async () => {
    const { child, exited } = startKeeper(shell)
    // It pauses.
    await until(() => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8') !== '')
    child.kill('SIGTERM')
    expect(await exited).toMatchObject({ code: 0, signal: null })
  })
})

test('it ends when no capture of its own has run for so long, and stays while one does', {
  timeout: 40_000,
}, async () => {
  // Captures are known by the name of their program too.
  const program = path.join(await makeTempFolder(), 'tcpdump')
  await copyFile('/bin/sleep', program)
  const [own, other] = [`kcap-${randomUUID()}`, `kcap-${randomUUID()}`]
  const captures = [own, other].map((id) =>
    spawn(program, ['60'], { stdio: 'ignore', env: { ...process.env, KCAP_CAPTURE: `${id}-capture` } }),
  )
  try {
    const held = startKeeper(['sh'], own)
    const idle = await Promise.all(distinctShells.map((shell) => startKeeper(shell).exited))
    expect(idle.map(({ code }) => code)).toEqual(distinctShells.map(() => 0))
    expect(Math.min(...idle.map(({ tookMs }) => tookMs))).toBeGreaterThan(idleSeconds * 1000 - 500)
    await sleep(1_000)
    expect(held.child.exitCode).toBe(null)
  } finally {
    for (const child of captures) child.kill('SIGKILL')
  }
})
