import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { access, constants, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { posixChecksum } from '../../src/base/posix-checksum.ts'
import {
  largestRunDigit,
  makeUploadArgv,
  parseUploadAnswer,
  smallestPieceBytes,
  type UploadAnswer,
  uploadFolders,
  uploadWords,
} from '../../src/remote/upload-script.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { distinctShells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const defaultSilenceSeconds = 1
/** More than a pipe holds, with every byte in it. */
const program = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), randomBytes(300_000)])
const sha256 = createHash('sha256').update(program).digest('hex')
let folder: string
let serial = 0
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Makes a PATH with only these programs, in addition to the shell's builtins. */
async function makePath(...programs: string[]): Promise<string> {
  const place = path.join(folder, `path-${++serial}`)
  await mkdir(place)
  for (const name of programs) {
    const found = (process.env.PATH ?? '').split(':').map((part) => path.join(part, name))
    for (const file of found) if (await isThere(file)) await symlink(file, path.join(place, name)).catch(() => {})
  }
  return place
}

async function isThere(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

interface UploadSetting {
  readonly folders: readonly string[]
  readonly machines?: readonly string[]
  readonly PATH?: string
  readonly silenceSeconds?: number
}

/** Starts the script in a shell; it may put the program into these folders. Its input stays open, as kcap's does. */
function startUpload([shell = 'sh', ...words]: readonly string[], setting: UploadSetting) {
  const { folders, machines = [], PATH = process.env.PATH ?? '', silenceSeconds = defaultSilenceSeconds } = setting
  const name = `kcap-tcpdump-${String(++serial).padStart(8, '0')}`
  const upload = { name, captureId: 'id-1', size: program.length, machines, silenceSeconds }
  const [, ...argv] = makeUploadArgv(upload).slice(0, -uploadFolders.length)
  const child = spawn(shell, [...words, ...argv, ...folders], { env: { ...process.env, PATH } })
  afterThisTest.add(() => child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {})
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const answers = () => stdout.split('\n').flatMap((line) => parseUploadAnswer(line) ?? [])
  const find = <Kind extends UploadAnswer['kind']>(kind: Kind) =>
    answers().find((answer): answer is Extract<UploadAnswer, { kind: Kind }> => answer.kind === kind)
  return {
    child,
    ended,
    file: path.join(folders[0] ?? '', name),
    stdout: () => stdout,
    stderr: () => stderr,
    find,
    taken: () => answers().filter(({ kind }) => kind === 'taken').length,
    /** Settles with the answer. */
    async hear<Kind extends UploadAnswer['kind']>(kind: Kind) {
      await vi.waitFor(() => expect(find(kind), stdout + stderr).toBeDefined(), { timeout: 20_000, interval: 5 })
      return find(kind) as Extract<UploadAnswer, { kind: Kind }>
    },
  }
}

/** The whole program, in runs of all sizes. */
const allRuns = (() => {
  const parts: Buffer[] = []
  for (let at = 0, digit = 0; at < program.length; digit = (digit + 5) % (largestRunDigit + 1)) {
    const run = program.subarray(at, at + (smallestPieceBytes << digit))
    parts.push(Buffer.from(uploadWords.run(digit)), run)
    at += run.length
  }
  return Buffer.concat(parts)
})()

async function upload(shell: readonly string[], setting: UploadSetting) {
  const run = startUpload(shell, setting)
  await run.hear('ready')
  run.child.stdin.write(allRuns)
  return { ...run, whole: await run.hear('whole') }
}

async function refuse(shell: readonly string[], setting: UploadSetting) {
  const run = startUpload(shell, setting)
  const code = await run.ended
  return { code, reason: run.find('failed')?.reason }
}

const listFiles = async (place: string) => (await readdir(place)).filter((name) => name.startsWith('kcap-tcpdump-'))

describe.each(distinctShells)('the upload script in %s', (...shell) => {
  test('delivers a program byte for byte, executable by its owner only', async () => {
    const { whole, file } = await upload(shell, { folders: [folder] })
    expect([whole.path, whole.sum.split(' ')[0]]).toEqual([file, sha256])
    expect((await readFile(file)).equals(program)).toBe(true)
    expect((await stat(file)).mode & 0o777).toBe(0o700)
  })

  test('keeps the program while heartbeats arrive, and removes it on request', async () => {
    const { child, file, stdout, ended } = await upload(shell, { folders: [folder] })
    for (let i = 1; i <= 3; i++) {
      await sleep(defaultSilenceSeconds * 400)
      child.stdin.write(uploadWords.heartbeat)
      await vi.waitFor(() => expect(stdout().match(/^alive/gm)?.length).toBe(i), { interval: 5 })
    }
    await access(file)
    child.stdin.write(uploadWords.remove)
    expect(await ended).toBe(0)
    await expect(access(file)).rejects.toThrow('ENOENT')
  })

  test('leaves no file after the end of its input at any moment', async () => {
    const place = await makeFolder()
    const runs = await Promise.all(moments.map((moment) => startToMoment(shell, { folders: [place] }, moment)))
    for (const { child } of runs) child.stdin.end()
    await Promise.all(runs.map(({ ended }) => ended))
    expect(await listFiles(place)).toEqual([])
  })

  test('leaves no file and no waiting process after silence at any moment', async () => {
    const place = await makeFolder()
    const runs = await Promise.all(moments.map((moment) => startToMoment(shell, { folders: [place] }, moment)))
    // The outputs close with the last process that has them.
    await Promise.all(runs.map(({ ended }) => ended))
    expect(await listFiles(place)).toEqual([])
  })

  test('skips a folder where it cannot write', async () => {
    const { whole } = await upload(shell, { folders: ['/proc', path.join(folder, 'missing'), folder] })
    expect(path.dirname(whole.path)).toBe(folder)
  })

  test('accepts a program for this machine, and refuses one for another', async () => {
    const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()
    await upload(shell, { folders: [folder], machines: ['vax', machine] })
    const place = await makeFolder()
    expect(await refuse(shell, { folders: [place], machines: ['vax', 'pdp11'] })).toEqual({
      code: 3,
      reason: `it is a program for vax, and the machine there is ${machine}`,
    })
    expect(await readdir(place)).toEqual([])
  })

  test('reports that no folder is usable', async () => {
    expect(await refuse(shell, { folders: ['/proc', path.join(folder, 'missing')] })).toEqual({
      code: 3,
      reason: 'there is no folder where a program could be put and run',
    })
  })
})

async function makeFolder(): Promise<string> {
  const place = path.join(folder, `place-${++serial}`)
  await mkdir(place)
  return place
}

const moments = ['before the first run', 'in the middle of a run', 'after the last run'] as const

async function startToMoment(shell: readonly string[], setting: UploadSetting, moment: (typeof moments)[number]) {
  if (moment === 'after the last run') return await upload(shell, setting)
  const run = startUpload(shell, setting)
  await run.hear('ready')
  if (moment === 'before the first run') return run
  const half = Math.floor(program.length / 2)
  run.child.stdin.write(allRuns.subarray(0, half))
  await vi.waitFor(() => expect(run.taken()).toBeGreaterThan(0), { interval: 5 })
  return run
}

const [plain = []] = distinctShells.filter(([program]) => program !== 'busybox')
test.skipIf(plain.length === 0)('without sha256sum the upload script reports the checksum of POSIX', async () => {
  const PATH = await makePath(plain[0] ?? '', 'dd', 'chmod', 'rm', 'cksum')
  const { whole } = await upload(plain, { folders: [folder], PATH })
  expect(whole.sum).toBe(`${posixChecksum(program)} ${program.length}`)
})

test.skipIf(plain.length === 0)('the upload script names an absent program that it needs', async () => {
  const PATH = await makePath(plain[0] ?? '', 'chmod', 'rm', 'cksum')
  expect(await refuse(plain, { folders: [folder], PATH })).toEqual({ code: 3, reason: 'there is no "dd"' })
})

/** A folder with these programs of busybox, as scripts, before all others in PATH. */
async function makeBusyboxPath(...names: string[]): Promise<string> {
  const place = await makeFolder()
  for (const name of names)
    await writeFile(path.join(place, name), `#!/bin/sh\nexec busybox ${name} "$@"\n`, { mode: 0o755 })
  return `${place}:${process.env.PATH}`
}

const hasBusybox = distinctShells.some(([program]) => program === 'busybox')
/** Shells whose `read` takes a timeout. */
const timedShells = distinctShells.filter(([program]) => program !== 'dash' && program !== 'sh')

describe.skipIf(!hasBusybox).each(timedShells)('the upload script with busybox, in %s', (...shell) => {
  test('delivers a program byte for byte', async () => {
    const PATH = await makeBusyboxPath('dd', 'timeout')
    const { file } = await upload(shell, { folders: [folder], PATH })
    expect((await readFile(file)).equals(program)).toBe(true)
  })

  test('leaves no file after silence in the middle of a run, though its timeout is not used', async () => {
    const [PATH, place] = [await makeBusyboxPath('dd', 'timeout'), await makeFolder()]
    const calls = path.join(place, 'calls')
    const timeout = `#!/bin/sh\n[ $# = 0 ] || echo "$*" >>'${calls}'\nexec busybox timeout "$@"\n`
    await writeFile(path.join(PATH.split(':')[0] ?? '', 'timeout'), timeout, { mode: 0o755 })
    const { ended } = await startToMoment(shell, { folders: [place], PATH }, 'in the middle of a run')
    await ended
    expect(await readdir(place)).toEqual([])
  })
})

test.skipIf(plain.length === 0)(
  'the upload script reads byte by byte with a dd that reads no full blocks',
  { timeout: 30_000 },
  async () => {
    const place = await makeFolder()
    const dd = '#!/bin/sh\ncase "$*" in *iflag=*) exit 1 ;; esac\nexec /bin/dd "$@"\n'
    await writeFile(path.join(place, 'dd'), dd, { mode: 0o755 })
    // Each byte is a write: a loaded machine takes more than a second for a piece.
    const setting = { folders: [folder], PATH: `${place}:${process.env.PATH}`, silenceSeconds: 20 }
    const { file } = await upload(plain, setting)
    expect((await readFile(file)).equals(program)).toBe(true)
  },
)

test('the upload script leaves nothing of a program that does not fit', async () => {
  const place = await makeFolder()
  const run = startUpload(['sh', '-c', 'ulimit -f 10; exec sh "$@"', 'sh'], { folders: [place] })
  await run.hear('ready')
  run.child.stdin.write(allRuns)
  expect((await run.hear('failed')).reason).toBe(`writing into ${place} failed`)
  await run.ended
  expect(await readdir(place)).toEqual([])
})

test.each(['whole ../x abc', 'whole /tmp/$(id) abc', `whole /${'x'.repeat(300)} abc`, 'wholesale /tmp/x', '', 'pid 7'])(
  'parseUploadAnswer accepts no answer from %j',
  (line) => {
    expect(parseUploadAnswer(line)).toBeUndefined()
  },
)
