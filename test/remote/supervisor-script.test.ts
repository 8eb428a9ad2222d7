import { existsSync, readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeSupervisedArgv, type SupervisedCapture } from '../../src/remote/supervised-argv.ts'
import { supervisorWords } from '../../src/remote/supervisor-script.ts'
import { distinctShells } from '../support/shells.ts'
import { startSupervisor, until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

async function makeTool(): Promise<string> {
  const folder = await makeTempFolder()
  // Behaves as tcpdump does at its end: SIGTERM makes it hand over its tail and count.
  const tool = `#!/bin/sh
echo "$$" > "${folder}/pid"
printf '%s\\n' "$@" > "${folder}/argv"
env > "${folder}/env"
trap 'echo tail; echo "7 packets captured" >&2; exit 0' TERM
case $1 in fail) echo "tcpdump: no" >&2; exit 3;; deaf) trap '' TERM;; esac
echo head
i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`
  await writeFile(path.join(folder, 'tcpdump'), tool)
  await chmod(path.join(folder, 'tcpdump'), 0o755)
  return folder
}

let folder: string
/** A supervisor that receives nothing: it has all the time of the other tests to end by itself. */
let silent: { folder: string; run: ReturnType<typeof startSupervisor>; tookMs: Promise<number> }
beforeAll(async () => {
  folder = await makeTool()
  const own = await makeTool()
  const run = startSupervisor(['sh'], { programs: [[path.join(own, 'tcpdump'), 'plain']], silenceSeconds: 5 })
  const startedMs = Date.now()
  silent = { folder: own, run, tookMs: run.exited.then(() => Date.now() - startedMs) }
})

const start = (
  shell: readonly string[],
  word: string,
  more: Partial<SupervisedCapture> = {},
  environment: Record<string, string> = {},
) => startSupervisor(shell, { programs: [[path.join(folder, 'tcpdump'), word]], ...more }, environment)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const toolPid = (of = folder) => Number(readFileSync(path.join(of, 'pid'), 'utf8'))

describe.each(distinctShells)('the supervisor in %s', (...shell) => {
  test('reports the clock', async () => {
    const run = start(shell, 'plain')
    await until(() => /^kcap-report: clock \d+\./m.test(run.stderr()))
    const seconds = Number(/^kcap-report: clock (\d+)\./m.exec(run.stderr())?.[1])
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(30)
    await until(() => run.stdout() === 'head\n')
    run.child.stdin.write(supervisorWords.stop)
    run.child.stdin.write(supervisorWords.release)
    await run.exited
  })

  test("after q exits with the program's last bytes and exit code", async () => {
    const run = start(shell, 'plain')
    await until(() => run.stdout() === 'head\n')
    run.child.stdin.write(supervisorWords.heartbeat)
    await until(() => run.stderr().includes('kcap-report: alive\n'))
    run.child.stdin.write(supervisorWords.heartbeat)
    run.child.stdin.write(supervisorWords.stop)
    await until(() => run.stderr().includes('kcap-report: ended 0'))
    run.child.stdin.write(supervisorWords.release)
    expect(await run.exited).toBe(0)
    expect(run.stdout()).toBe('head\ntail\n')
    expect(run.stderr()).toContain('7 packets captured')
    expect(isRunning(toolPid())).toBe(false)
  })

  test('ends the program at the end of standard input', async () => {
    const run = start(shell, 'plain')
    await until(() => run.stdout() === 'head\n')
    run.child.stdin.end()
    await run.exited
    expect(isRunning(toolPid())).toBe(false)
  })

  test('kills a program that ignores SIGTERM', async () => {
    const run = start(shell, 'deaf')
    await until(() => run.stdout() === 'head\n')
    run.child.stdin.write(supervisorWords.stop)
    run.child.stdin.end()
    await run.exited
    expect(isRunning(toolPid())).toBe(false)
  })

  test('reports the death of the program at once, and ends after the release', async () => {
    const run = start(shell, 'fail')
    await until(() => run.stderr().includes('kcap-report: ended 3'))
    run.child.stdin.write(supervisorWords.release)
    expect(await run.exited).toBe(3)
  })

  test('reports an absent program by its name', async () => {
    const run = start(shell, '', { programs: [['no-such-tool'], ['nor-this', '-x']] })
    expect(await run.exited).toBe(127)
    expect(run.stderr()).toBe('kcap-report: missing no-such-tool\n')
  })

  test('passes hostile words to the program unchanged, the filter last', async () => {
    const filter = `$(touch ${folder}/owned) '; rm -rf "x" \\ \``
    const run = start(shell, '*', { filter })
    await until(() => run.stdout() === 'head\n')
    run.child.stdin.end()
    await run.exited
    expect(readFileSync(path.join(folder, 'argv'), 'utf8')).toBe(`*\n${filter}\n`)
    expect(readFileSync(path.join(folder, 'env'), 'utf8')).toContain('KCAP_CAPTURE=id-1\n')
    expect(existsSync(path.join(folder, 'owned'))).toBe(false)
  })

  const connection = (client: string, server: string) => {
    const way = (from: string, to: string) => {
      const [source, destination] = [from.split(' '), to.split(' ')]
      return `src host ${source[0]} and src port ${source[1]} and dst host ${destination[0]} and dst port ${destination[1]}`
    }
    return `not (tcp and ((${way(client, server)}) or (${way(server, client)})))`
  }
  test.each([
    ['fe80::1%eth0 50022 fe80::2%eth0 22', `${connection('fe80::1 50022', 'fe80::2 22')} and ((port 80))`],
    ['10.0.0.1 50022 10.0.0.2 2222', `${connection('10.0.0.1 50022', '10.0.0.2 2222')} and ((port 80))`],
    ['::ffff:10.0.0.1 50022 ::ffff:10.0.0.2 22', `${connection('10.0.0.1 50022', '10.0.0.2 22')} and ((port 80))`],
    ['UNKNOWN 65535 UNKNOWN 65535', '(port 80)'],
    ['10.0.0.1 50022', '(port 80)'],
    ['', '(port 80)'],
  ])('excludes the SSH connection %j before the filter', async (words, filter) => {
    const run = start(shell, 'plain', { ownStream: { kind: 'ssh' }, filter: '(port 80)' }, { SSH_CONNECTION: words })
    await until(() => run.stdout() === 'head\n')
    run.child.stdin.end()
    await run.exited
    expect(run.stderr()).toContain(` plain ${filter}\n`)
  })
})

test('silence ends the supervised program', async () => {
  expect(await silent.tookMs).toBeGreaterThan(4_000)
  // Killed at once: nobody would hear its tail.
  expect(silent.run.stdout()).toMatch(/^head\n(tail\n)?$/)
  expect(isRunning(toolPid(silent.folder))).toBe(false)
})

test('the supervisor waits 20 s for a heartbeat unless the capture sets another limit', () => {
  const capture: SupervisedCapture = {
    captureId: 'id-1',
    sudo: 'none',
    ownStream: { kind: 'elsewhere' },
    filter: '',
    compression: 'none',
    network: { kind: 'here' },
    programs: [['tcpdump']],
  }
  const waitOf = (argv: readonly string[]) => /^silence_seconds=(\d+)$/m.exec(argv.join('\n'))?.[1]
  expect(waitOf(makeSupervisedArgv(capture))).toBe('20')
  expect(waitOf(makeSupervisedArgv({ ...capture, silenceSeconds: 5 }))).toBe('5')
})
