import { execFile } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { runLab } from './lab.ts'

/** A command of a user that fails, and all that kcap says and leaves then. */
export interface ErrorRow {
  readonly argv: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** After `kcap: error: `. */
  readonly message: string | RegExp
  /** All hints, in their order. */
  readonly hints: readonly (string | RegExp)[]
  readonly exitCode: number
  /** Names of the files that are there afterwards; a file that is left holds what was captured before the failure. */
  readonly files?: readonly string[]
}

let rowCount = 0

/** Runs the row's command with `-o FOLDER/out.pcapng` in a folder of its own; gives that folder, and what was hinted at. */
export async function expectError(
  parentFolder: string,
  row: ErrorRow,
): Promise<{ folder: string; hints: readonly string[] }> {
  rowCount += 1
  const folder = path.join(parentFolder, `row-${rowCount}`)
  const temporary = path.join(folder, 'temporary')
  await mkdir(temporary, { recursive: true })
  // A snap length of its own marks what the row starts on the remote side.
  const snapLength = (process.pid % 1000) * 100 + rowCount + 100_000
  const output = row.argv.includes('-o') ? [] : ['-o', path.join(folder, 'out.pcapng')]
  const { code, stdout, stderr } = await runKcap([...row.argv, ...output, '--snaplen', String(snapLength)], {
    TMPDIR: temporary,
    ...row.environment,
  })
  // A document for a line's standard input is one hint with that line.
  const lines = stderr.trimEnd().split(/\n(?=kcap: )/)
  const first = lines.findIndex((line) => line.startsWith('kcap: error: '))
  const told = {
    message: lines[first]?.replace('kcap: error: ', '') ?? stderr,
    hints: lines.slice(first + 1).map((line) => line.replace(/^kcap: {3}hint: /, '')),
    code,
    stdout: stdout.toString(),
  }
  expect(told).toEqual({
    message: typeof row.message === 'string' ? row.message : expect.stringMatching(row.message),
    hints: row.hints.map((hint) => (typeof hint === 'string' ? hint : expect.stringMatching(hint))),
    code: row.exitCode,
    stdout: '',
  })
  expect(row.hints.length).toBeGreaterThan(0)
  expect((await readdir(folder)).sort()).toEqual([...(row.files ?? []), 'temporary'])
  expect(await readdir(temporary)).toEqual([])
  await expectNoProcess(`-s ${snapLength}`)
  return { folder, hints: told.hints }
}

const run = promisify(execFile)

/** Waits some seconds until no process here, on the node or in its pods has these words in its command line. */
export async function expectNoProcess(words: string): Promise<void> {
  const deadlineMs = Date.now() + 8_000
  for (;;) {
    const ps = ['ps', '-eww', '-o', 'pid=,args='] as const
    const lists = [runLab('node-exec', ...ps), run('ps', ps.slice(1)).then(({ stdout }) => stdout)]
    const left = (await Promise.all(lists)).flatMap((list) => list.split('\n').filter((line) => line.includes(words)))
    if (left.length === 0) return
    if (Date.now() > deadlineMs) expect(left).toEqual([])
    await sleep(250)
  }
}
