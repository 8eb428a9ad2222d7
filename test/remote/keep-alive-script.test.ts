import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeKeepAliveArgv } from '../../src/remote/keep-alive-script.ts'
import { makeUploadArgv, uploadFolders } from '../../src/remote/upload-script.ts'
import { distinctShells } from '../support/shells.ts'
import { until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** The keeper's pause between two checks, which is the shortest time it accepts. */
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

function startKeeper(
  [program = 'sh', ...words]: readonly string[],
  prefix = `kcap-${randomUUID()}`,
  { processes, env }: { processes: string; env: NodeJS.ProcessEnv } = { processes: '/proc', env: process.env },
) {
  const [, ...argv] = makeKeepAliveArgv(idleSeconds, prefix).map((word) => word.replaceAll('/proc/', `${processes}/`))
  const child = spawn(program, [...words, ...argv], { stdio: 'ignore', detached: true, env })
  keepers.push(child)
  const startedMs = Date.now()
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal, tookMs: Date.now() - startedMs }))
  return { child, exited }
}

/** Keepers in each shell that find a process whose argv can't be read, as of one that has just ended; bash leaves variables as they are then. */
let unreadable: Promise<{ readonly code: number | null }[]>
beforeAll(async () => {
  const processes = await makeTempFolder()
  await mkdir(path.join(processes, '1', 'cmdline'), { recursive: true })
  await writeFile(path.join(processes, '1', 'comm'), 'sh\n')
  const place = { processes, env: { ...process.env, line: 'what was read before' } }
  unreadable = Promise.all(distinctShells.map((shell) => startKeeper(shell, undefined, place).exited))
})

describe.each(distinctShells)('in %s', (...shell) => {
  test('the keep-alive script ends at once on a signal', async () => {
    const { child, exited } = startKeeper(shell)
    // It pauses.
    await until(() => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8') !== '')
    child.kill('SIGTERM')
    expect(await exited).toMatchObject({ code: 0, signal: null })
  })
})

test('the keep-alive script ends after a time without captures, and stays while one runs or a program is uploaded', {
  timeout: 40_000,
}, async () => {
  // Captures are known by the name of their program too.
  const program = path.join(await makeTempFolder(), 'tcpdump')
  await copyFile('/bin/sleep', program)
  const [own, other, uploading] = [`kcap-${randomUUID()}`, `kcap-${randomUUID()}`, `kcap-${randomUUID()}`]
  const captures = [own, other].map((id) =>
    spawn(program, ['60'], {
      stdio: 'ignore',
      env: { ...process.env, KCAP_CAPTURE: `${id}-capture` },
    }),
  )
  const upload = { name: 'kcap-tcpdump-0a1b2c3d', captureId: `${uploading}-upload`, size: 1_000, machines: [] }
  const [shell = '', ...words] = makeUploadArgv({ ...upload, silenceSeconds: 60 }).slice(0, -uploadFolders.length)
  captures.push(spawn(shell, [...words, path.dirname(program)], { stdio: 'pipe' }))
  try {
    const held = [own, uploading].map((id) => startKeeper(['sh'], id))
    const idle = await Promise.all(distinctShells.map((shell) => startKeeper(shell).exited))
    expect(idle.map(({ code }) => code)).toEqual(distinctShells.map(() => 0))
    expect(Math.min(...idle.map(({ tookMs }) => tookMs))).toBeGreaterThan(idleSeconds * 1000 - 500)
    await sleep(1_000)
    expect(held.map(({ child }) => child.exitCode)).toEqual([null, null])
  } finally {
    for (const child of captures) child.kill('SIGKILL')
  }
})

test('a process that ends during the check does not block the keep-alive script', { timeout: 20_000 }, async () => {
  expect((await unreadable).map(({ code }) => code)).toEqual(distinctShells.map(() => 0))
})
