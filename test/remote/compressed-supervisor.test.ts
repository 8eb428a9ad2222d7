import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeSupervisedArgv, type SupervisedCapture } from '../../src/remote/supervised-argv.ts'
import { supervisorWords } from '../../src/remote/supervisor-script.ts'
import { distinctShells as shells } from '../support/shells.ts'
import { until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** More than all the pipes hold, and nothing that repeats itself: half of its bits are given. */
const bulkBytes = 3_000_000
let folder: string
let bulk: Buffer
/** A PATH without gzip. */
let bare: string
beforeAll(async () => {
  folder = await makeTempFolder()
  bulk = Buffer.alloc(bulkBytes)
  for (let i = 0, word = 1; i + 4 <= bulkBytes; i += 4) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0
    bulk.writeUInt32LE(word & 0x0f0f_0f0f, i)
  }
  await writeFile(path.join(folder, 'bulk'), bulk)
  const tool = `#!/bin/sh
echo "$$" > "${folder}/pid"
case $1 in
  bulk) exec cat "${folder}/bulk" ;;
  endless) exec cat /dev/urandom ;;
  fail) echo "tcpdump: no" >&2; exit 3 ;;
  dies) echo head; exit 4 ;;
esac
# Before the first output, upon which a test may end it; exec resets it.
trap 'echo tail; echo "7 packets captured" >&2; exit 0' TERM
echo head
case $1 in
  idle) exec sleep 60 ;;
  deaf) trap '' TERM; exec sleep 60 ;;
  late) sleep 1; echo packet; exec sleep 60 ;;
esac
i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`
  await writeFile(path.join(folder, 'tcpdump'), tool)
  await chmod(path.join(folder, 'tcpdump'), 0o755)
  bare = path.join(folder, 'bare')
  await mkdir(bare)
  for (const name of ['sh', 'dd', 'sleep', 'date', 'id', 'cat', 'timeout', 'rm'])
    await symlink(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), path.join(bare, name))
})

const groups: ChildProcess[] = []
afterEach(() => {
  for (const { pid } of groups.splice(0)) {
    try {
      process.kill(-(pid ?? 0), 'SIGKILL')
    } catch {} // all of it has ended
  }
})

let captureCount = 0
function start(
  [program = 'sh', ...words]: readonly string[],
  word: string,
  environment: Record<string, string> = {},
  silence: Pick<SupervisedCapture, 'silenceSeconds'> = {},
) {
  const captureId = `id-${process.pid}-${captureCount++}`
  const [, ...argv] = makeSupervisedArgv({
    captureId,
    sudo: 'none',
    ownStream: { kind: 'elsewhere' },
    filter: '',
    network: { kind: 'here' },
    compression: 'gzip',
    programs: [[path.join(folder, 'tcpdump'), word]],
    ...silence,
  })
  const child = spawn(program, [...words, ...argv], {
    env: { ...process.env, ...environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  groups.push(child)
  const stdout: { readonly atMs: number; readonly chunk: Buffer }[] = []
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => stdout.push({ atMs: performance.now(), chunk }))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {})
  const exited = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  const bytes = () => Buffer.concat(stdout.map(({ chunk }) => chunk))
  /** Returns the text of the whole members so far. */
  const text = () => (bytes().length === 0 ? '' : gunzipWhole(bytes()).toString('latin1'))
  return { child, captureId, exited, stdout, bytes, text, stderr: () => stderr }
}

function gunzipWhole(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes)
  } catch {
    return Buffer.alloc(0) // in the middle of a member
  }
}

/** Processes, zombies too, of a supervisor's group: everything that it has started. */
function processesOf(run: ReturnType<typeof start>): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
        return group === run.child.pid ? [stat.slice(0, 60)] : []
      } catch {
        return []
      }
    })
}

describe.each(shells)('a compressed capture in %s', (...shell) => {
  test("has the program's bytes and exit code", async () => {
    const run = start(shell, 'bulk')
    await until(() => run.stderr().includes('kcap-report: ended 0'))
    run.child.stdin.write(supervisorWords.release)
    expect(await run.exited).toBe(0)
    expect(gunzipSync(run.bytes()).equals(bulk)).toBe(true)
    expect(run.bytes().length).toBeLessThan(bulkBytes * 0.8)
    expect(processesOf(run)).toEqual([])
  })

  test('delivers a lone packet at once', async () => {
    const run = start(shell, 'late')
    await until(() => run.text() === 'head\n')
    const headMs = run.stdout.at(-1)?.atMs ?? 0
    await until(() => run.text() === 'head\npacket\n')
    // It was written a second after the head.
    expect((run.stdout.at(-1)?.atMs ?? 0) - headMs).toBeLessThan(2_000)
    run.child.stdin.end()
    await run.exited
  })

  test("ends after q with the program's last bytes, counters and exit code", async () => {
    const run = start(shell, 'plain')
    await until(() => run.text() === 'head\n')
    run.child.stdin.write(supervisorWords.heartbeat)
    await until(() => run.stderr().includes('kcap-report: alive\n'))
    run.child.stdin.write(supervisorWords.stop)
    await until(() => run.stderr().includes('kcap-report: ended 0'))
    run.child.stdin.write(supervisorWords.release)
    expect(await run.exited).toBe(0)
    expect(run.text()).toBe('head\ntail\n')
    expect(run.stderr()).toContain('7 packets captured')
    expect(processesOf(run)).toEqual([])
  })

  test('ends with standard input', async () => {
    const run = start(shell, 'idle')
    await until(() => run.text() === 'head\n')
    run.child.stdin.end()
    await run.exited
    expect(processesOf(run)).toEqual([])
  })

  test('ends with standard input even where nobody reads', async () => {
    const run = start(shell, 'endless')
    await until(() => run.bytes().length > 100_000)
    run.child.stdout.pause()
    await sleep(500)
    run.child.stdin.end()
    // The test reads nothing until all has ended: bytes in the pipe are no process.
    await until(() => processesOf(run).every((stat) => stat.includes(') Z ')))
    run.child.stdout.resume()
    await run.exited
    expect(processesOf(run)).toEqual([])
  })

  test('kills a program that ignores SIGTERM', async () => {
    const run = start(shell, 'deaf')
    await until(() => run.text() === 'head\n')
    run.child.stdin.write(supervisorWords.stop)
    run.child.stdin.end()
    await run.exited
    expect(processesOf(run)).toEqual([])
  })

  test.each([
    ['fail', 3, ''],
    ['dies', 4, 'head\n'],
  ])("reports the death of the program after the program's output: %s", async (word, code, text) => {
    const run = start(shell, word)
    await until(() => run.stderr().includes(`kcap-report: ended ${code}`))
    run.child.stdin.write(supervisorWords.release)
    expect(await run.exited).toBe(code)
    expect(run.text()).toBe(text)
    expect(processesOf(run)).toEqual([])
  })

  test('ends the program when its reader is gone', async () => {
    const run = start(shell, 'endless')
    await until(() => run.bytes().length > 100_000)
    run.child.stdout.destroy()
    await until(() => /kcap-report: ended \d/.test(run.stderr()))
    run.child.stdin.write(supervisorWords.release)
    await until(() => processesOf(run).length === 0)
  })

  // busybox ash has a gzip of its own wherever it is.
  test.skipIf(shell[0] === 'busybox')('without gzip stays uncompressed, and reports that once', async () => {
    const [program = 'sh', ...words] = shell
    const found = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
    const run = start([found, ...words], 'plain', { PATH: bare })
    await until(() => run.bytes().toString() === 'head\n')
    run.child.stdin.write(supervisorWords.stop)
    run.child.stdin.write(supervisorWords.release)
    expect(await run.exited).toBe(0)
    expect(run.bytes().toString()).toBe('head\ntail\n')
    expect(run.stderr().match(/^kcap-report: uncompressed.*$/gm)).toEqual(['kcap-report: uncompressed gzip'])
  })

  test('puts the capture id into the environment of the program, and leaves no file', async () => {
    const run = start(shell, 'idle')
    await until(() => run.text() === 'head\n')
    const pid = readFileSync(path.join(folder, 'pid'), 'utf8').trim()
    // It has none between the fork and the exec.
    await until(() => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`KCAP_CAPTURE=${run.captureId}\0`))
    run.child.stdin.end()
    await run.exited
    expect(readdirSync(folder).sort()).toEqual(['bare', 'bulk', 'pid', 'tcpdump'])
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })
})

test('silence ends a compressed capture with all its processes', async () => {
  const run = start(['sh'], 'idle', {}, { silenceSeconds: 5 })
  await until(() => run.text() === 'head\n')
  const startedMs = Date.now()
  await run.exited
  expect(Date.now() - startedMs).toBeGreaterThan(2_500)
  expect(processesOf(run)).toEqual([])
})
