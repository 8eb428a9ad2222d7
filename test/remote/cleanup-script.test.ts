import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeCleanupArgv, parseLeftovers } from '../../src/remote/cleanup-script.ts'
import { supervisorWords } from '../../src/remote/supervisor-script.ts'
import { uploadFolders } from '../../src/remote/upload-script.ts'
import { distinctShells } from '../support/shells.ts'
import { startSupervisor, until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
const children: ChildProcess[] = []
beforeAll(async () => {
  folder = await makeTempFolder()
  await copyFile(execFileSync('which', ['sleep'], { encoding: 'utf8' }).trim(), path.join(folder, 'tcpdump'))
  await chmod(path.join(folder, 'tcpdump'), 0o755)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Looks at all processes of this machine, and at files of the given folders only. */
async function look(mode: 'look' | 'remove', [shell = 'sh', ...words]: readonly string[], folders: readonly string[]) {
  const [, ...argv] = makeCleanupArgv(mode).slice(0, -uploadFolders.length)
  // The script should find only what this test has started, and must remove nothing else.
  const own = mode === 'remove' ? ['unshare', '--map-root-user', '--pid', '--fork', '--mount-proc'] : []
  const [program = '', ...rest] = [...own, shell, ...words, ...argv, ...folders]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stderr, found: parseLeftovers(stdout) }
}

/** A capture program that outlives its supervisor. */
function startOrphan(captureId: string, more: Record<string, string> = {}): ChildProcess {
  const env = { ...process.env, KCAP_CAPTURE: captureId, ...more }
  const child = spawn(path.join(folder, 'tcpdump'), ['60'], { stdio: 'ignore', env })
  children.push(child)
  return child
}

function childNames(pid: number | undefined): string[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return children.map((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim())
  } catch {
    // One has ended meanwhile, or none has begun.
    return []
  }
}

describe.each(distinctShells)('the clean-up script in %s', (...shell) => {
  test('finds a capture program without a supervisor by its tag', async () => {
    const captureId = randomUUID()
    const { pid } = startOrphan(captureId)
    const { code, stderr, found } = await look('look', shell, [])
    expect([code, stderr]).toEqual([0, ''])
    expect(found).toContainEqual({ kind: 'process', pid, program: 'tcpdump', captureId })
  })

  test('finds no supervised capture program, and no other program with the tag', async () => {
    const captureId = randomUUID()
    const program = path.join(folder, 'tcpdump')
    const run = startSupervisor(shell, { captureId, programs: [[program, '60']] })
    const tagged = spawn('sleep', ['60'], { stdio: 'ignore', env: { ...process.env, KCAP_CAPTURE: captureId } })
    children.push(tagged, run.child)
    await until(() => childNames(run.child.pid).includes('tcpdump'))
    const { found } = await look('look', shell, [])
    run.child.stdin.write(supervisorWords.stop)
    run.child.stdin.write(supervisorWords.release)
    await run.exited
    expect(found.filter((leftover) => leftover.kind === 'process' && leftover.captureId === captureId)).toEqual([])
  })

  test('finds an uploaded program that nothing runs or uploads, and names no other file', async () => {
    const place = path.join(folder, `files-${shell[0]}`)
    await mkdir(place)
    for (const name of ['kcap-tcpdump-c1ea0001', 'other-file', 'kcap-notes'])
      await writeFile(path.join(place, name), 'program')
    const running = path.join(place, 'kcap-tcpdump-running')
    await copyFile(path.join(folder, 'tcpdump'), running)
    await chmod(running, 0o755)
    const child = spawn(running, ['60'], { stdio: 'ignore' })
    await writeFile(path.join(place, 'kcap-tcpdump-uploading'), 'part')
    const upload = spawn('sh', ['-c', 'read -r x', 'kcap-upload', 'kcap-tcpdump-uploading'])
    children.push(child, upload)
    const { found } = await look('look', shell, [place])
    expect(found.filter(({ kind }) => kind === 'file')).toEqual([
      { kind: 'file', path: path.join(place, 'kcap-tcpdump-c1ea0001') },
    ])
  })
})

/** A process tree of its own takes a right that not every machine gives. */
const canSeparate = (() => {
  try {
    execFileSync('unshare', ['--map-root-user', '--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

test('removes nothing when it only looks', async () => {
  const place = path.join(folder, 'looked-at')
  await mkdir(place)
  await writeFile(path.join(place, 'kcap-tcpdump-c1ea0001'), 'program')
  const captureId = randomUUID()
  const orphan = startOrphan(captureId)
  await look('look', ['sh'], [place])
  expect([await readdir(place), orphan.signalCode]).toEqual([['kcap-tcpdump-c1ea0001'], null])
})

test.skipIf(!canSeparate)('deletes an uploaded program', async () => {
  const place = path.join(folder, 'removed')
  await mkdir(place)
  for (const name of ['kcap-tcpdump-c1ea0001', 'other-file']) await writeFile(path.join(place, name), 'program')
  const { code, found } = await look('remove', ['sh'], [place])
  expect([code, found.length, await readdir(place)]).toEqual([0, 1, ['other-file']])
})

test.skipIf(!canSeparate)('ends a capture program', async () => {
  // In a process tree of its own, a shell starts the orphan, cleans up, and reports how it ended.
  const [, , cleanup = ''] = makeCleanupArgv('remove')
  await writeFile(path.join(folder, 'cleanup.sh'), cleanup)
  const id = randomUUID()
  // The environment has no separator that a shell can read, so the next variable could look like more of the id.
  const script = `env -i KCAP_CAPTURE=${id} beef=1 "$1/tcpdump" 20 & p=$!
    until [ "$(cat /proc/$p/comm)" = tcpdump ]; do :; done; sh "$1/cleanup.sh" remove; wait $p; echo "status $?"`
  const own = ['--map-root-user', '--pid', '--fork', '--mount-proc', 'sh', '-c', script, 'sh', folder]
  const stdout = execFileSync('unshare', own, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  expect(stdout.replace(/\d+/, 'PID')).toBe(`process PID tcpdump ${id}\nstatus 137\n`)
})

test('the clean-up script reads only the id from a tag, whatever follows it', async () => {
  const { pid } = startOrphan("x;touch /tmp/owned'$(id)\nfile /etc/passwd")
  const { found } = await look('look', ['sh'], [])
  expect(found).toContainEqual({ kind: 'process', pid, program: 'tcpdump', captureId: 'x' })
  expect(found).not.toContainEqual({ kind: 'file', path: '/etc/passwd' })
})

describe('parseLeftovers does not trust the output of a container:', () => {
  test.each([
    'process 1 sh -c id',
    'process -1 tcpdump id',
    'process 99999999999 tcpdump id',
    'process 1 tcp\u001b[2Jdump id-1',
    'process 1 tcpdump ID$(x)',
    'file relative/path',
    'file /tmp/kcap-tcpdump-\u001b[31m',
    "file /tmp/kcap tcpdump'",
    `file /${'a'.repeat(300)}`,
    'nothing of the kind',
    '',
  ])('%j is no leftover', (line) => {
    expect(parseLeftovers(line)).toEqual([])
  })

  test('valid lines count among others', () => {
    const text = 'noise\nprocess 7 tcpdump id-1\nprocess 8 tshark \nfile /tmp/kcap-tcpdump-1\nmore\n'
    expect(parseLeftovers(text)).toEqual([
      { kind: 'process', pid: 7, program: 'tcpdump', captureId: 'id-1' },
      { kind: 'process', pid: 8, program: 'tshark', captureId: '' },
      { kind: 'file', path: '/tmp/kcap-tcpdump-1' },
    ])
  })
})
