import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { afterThisTest } from '../support/cleanups.ts'
import { until } from '../support/start-supervisor.ts'
import { realTest } from './lab.ts'
import { addPlainUser, type PlainUser } from './temporary-user.ts'

/**
 * Two users of one machine: `mallory` plants anything in the folders that both can write to, without the protection of the kernel
 * (fs.protected_*), because the shared folder has no sticky bit; `ann` runs kcap.
 */
let shared: string
let ann: PlainUser
let mallory: PlainUser
let program: string

beforeAll(() => {
  shared = mkdtempSync('/tmp/shared-')
  chmodSync(shared, 0o777)
  ann = addPlainUser('a')
  mallory = addPlainUser('m')
  // The checkout may be where only root can read.
  cpProgram()
})
afterAll(() => {
  for (const user of [ann, mallory]) user.remove()
  rmSync(shared, { recursive: true, force: true })
  rmSync(path.dirname(program), { recursive: true, force: true })
})

function cpProgram(): void {
  const folder = mkdtempSync('/opt/kcap-two-users-')
  chmodSync(folder, 0o755)
  execFileSync('cp', ['-r', 'dist', folder])
  program = path.join(folder, 'dist')
  execFileSync('chmod', ['-R', 'go+rX', folder])
}

/** kcap as `su` would start it, in the folder that both share. */
function start(user: PlainUser, argv: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [path.join(program, 'kcap.cjs'), ...argv], {
    uid: user.uid,
    gid: user.gid,
    cwd: shared,
    env: { PATH: process.env.PATH, HOME: user.home, TMPDIR: shared, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  afterThisTest.add(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdout.resume()
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }))
  return { child, ended }
}

const demo = (output: string, ...words: string[]) => ['demo', '-o', output, '--duration', '1', ...words]

function plant(user: PlainUser, name: string, make: (file: string) => void): string {
  const file = path.join(shared, name)
  rmSync(file, { recursive: true, force: true })
  // As the user, not as root: what it can't make it can't plant.
  const before = [process.getegid?.() ?? 0, process.geteuid?.() ?? 0] as const
  process.setegid?.(user.gid)
  process.seteuid?.(user.uid)
  try {
    make(file)
  } finally {
    process.seteuid?.(before[1])
    process.setegid?.(before[0])
  }
  return file
}

function treasureOf(user: PlainUser, name: string): string {
  const file = path.join(user.home, name)
  writeFileSync(file, 'mine', { mode: 0o600 })
  chownSync(file, user.uid, user.gid)
  return file
}

realTest('no log or capture writes to a link, a file or a FIFO of another user', async () => {
  const victim = treasureOf(ann, 'bashrc')
  const link = plant(mallory, 'link', (file) => symlinkSync(victim, file))
  const readable = plant(mallory, 'readable', (file) => {
    writeFileSync(file, '')
    chmodSync(file, 0o666)
  })
  const fifo = plant(mallory, 'fifo', (file) => execFileSync('mkfifo', ['-m', '666', file]))
  chownSync(fifo, mallory.uid, mallory.gid)
  for (const file of [link, readable]) {
    for (const words of [demo('out.pcapng', '--log-file', file, '--force'), demo(file, '--force')]) {
      const { code, stderr } = await start(ann, words).ended
      expect([code, stderr]).toEqual([7, expect.stringContaining('another user has put it there')])
    }
  }
  const { code, stderr } = await start(ann, ['--capture', '--extcap-interface', 'kcapdemo', '--fifo', fifo]).ended
  expect([code, stderr]).toEqual([7, expect.stringContaining('another user has put it there')])
  expect([readFileSync(victim, 'utf8'), readFileSync(readable, 'utf8')]).toEqual(['mine', ''])
})

realTest('no log writes to a file with a second hard link', async () => {
  const victim = plant(ann, 'own-file', (file) => writeFileSync(file, 'mine'))
  chmodSync(victim, 0o666)
  const second = plant(ann, 'second', (file) => linkSync(victim, file))
  chownSync(second, ann.uid, ann.gid)
  const { code, stderr } = await start(ann, demo('out2.pcapng', '--log-file', second)).ended
  expect([code, stderr]).toEqual([7, expect.stringContaining('it has another name too')])
  expect(readFileSync(victim, 'utf8')).toBe('mine')
})

realTest('kcap removes, follows and reads nothing that another user has put into the temporary folder', async () => {
  const treasure = path.join(ann.home, 'treasure')
  mkdirSync(treasure)
  for (let i = 0; i < 300; i++) writeFileSync(path.join(treasure, `gold-${i}`), 'x')
  execFileSync('chown', ['-R', `${ann.uid}:${ann.gid}`, treasure])
  for (const name of ['kcap-ask-x', 'kcap-demo-x', 'kcap-abcdef', 'ask.01234567.999999.1.abcdef'])
    plant(mallory, name, (file) => symlinkSync(treasure, file))
  const folder = plant(mallory, 'kcap-ask-y', (file) => mkdirSync(file))
  chmodSync(folder, 0o777)
  plant(mallory, 'kcap-ask-y/socket', (file) => writeFileSync(file, ''))
  plant(mallory, 'kcap-ask-y/more', (file) => symlinkSync(treasure, file))
  for (const words of [demo('out3.pcapng'), ['--extcap-cleanup-postkill'], ['--extcap-interfaces']])
    expect((await start(ann, words).ended).code).toBe(0)
  // Its answers to ssh come by a socket in a private folder.
  const ssh = ['--ssh-host', '127.0.0.1', '--ssh-port', '1', '--ssh-client', 'openssh', '-o', 'out4.pcapng']
  expect((await start(ann, ssh).ended).code).toBe(4)
  expect(readdirSync(treasure)).toHaveLength(300)
  expect(existsSync(path.join(folder, 'socket'))).toBe(true)
})

realTest('kcap does not use a cache or a runtime folder that another user has made', async () => {
  const cache = plant(mallory, 'cache', (file) => mkdirSync(path.join(file, 'kcap', 'run'), { recursive: true }))
  const runtime = plant(mallory, 'runtime', (file) => mkdirSync(path.join(file, 'kcap'), { recursive: true }))
  for (const folder of [cache, `${cache}/kcap`, `${cache}/kcap/run`, runtime, `${runtime}/kcap`])
    chmodSync(folder, 0o777)
  const run = start(ann, ['demo', '-o', '-'], { XDG_CACHE_HOME: cache, XDG_RUNTIME_DIR: runtime })
  const find = () =>
    readdirSync(shared).find((name) => /^kcap-\w{6}$/.test(name) && lstatSync(path.join(shared, name)).uid === ann.uid)
  await until(() => find() !== undefined)
  expect(statSync(path.join(shared, find() ?? '')).mode & 0o777).toBe(0o700)
  expect([readdirSync(path.join(cache, 'kcap', 'run')), readdirSync(path.join(runtime, 'kcap'))]).toEqual([[], []])
  run.child.kill('SIGTERM')
  await run.ended
})

realTest("no other user can read one user's files and sockets", async () => {
  const run = start(ann, ['demo', '-o', '-'])
  const running = path.join(ann.home, '.cache', 'kcap', 'run')
  await until(() => existsSync(running) && readdirSync(running).some((name) => name.startsWith('demo.')))
  const [name = ''] = readdirSync(running)
  const file = path.join(running, name, 'kubeconfig')
  chmodSync(ann.home, 0o755)
  expect(() => plant(mallory, 'copy', (copy) => writeFileSync(copy, readFileSync(file)))).toThrow(/EACCES/)
  run.child.kill('SIGTERM')
  await run.ended
  expect(readdirSync(running)).toEqual([])
})
