import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { access, constants, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { posixChecksum } from '../../src/base/posix-checksum.ts'
import { makeUploadArgv, uploadFolders } from '../../src/remote/upload-script.ts'
import { distinctShells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** More than a pipe holds, with every byte in it. */
const program = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), randomBytes(300_000)])
const sha256 = createHash('sha256').update(program).digest('hex')
let folder: string
let serial = 0
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Where only these programs are, beside what the shell has built in. */
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

/** Sends the program to the script in a shell when it is ready for it, which may put it into these folders; its input stays open, as kcap's does. */
async function upload(
  [shell = 'sh', ...words]: readonly string[],
  {
    folders,
    machines = [],
    PATH = process.env.PATH ?? '',
  }: { folders: readonly string[]; machines?: readonly string[]; PATH?: string },
) {
  const name = `kcap-tcpdump-${String(++serial).padStart(8, '0')}`
  const [, ...argv] = makeUploadArgv(name, program.length, machines).slice(0, -uploadFolders.length)
  const child = spawn(shell, [...words, ...argv, ...folders], { env: { ...process.env, PATH } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    const wasReady = stdout.startsWith('ready\n')
    stdout += chunk
    if (!wasReady && stdout.startsWith('ready\n')) child.stdin.write(program)
  })
  child.stderr.on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {})
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout: stdout.replace(/^ready\n/, ''), stderr, file: path.join(folders[0] ?? '', name) }
}

describe.each(distinctShells)('in %s', (...shell) => {
  test('a program arrives byte for byte, may be run by its owner only, and its hash is told', async () => {
    const { code, stdout, file } = await upload(shell, { folders: [folder] })
    expect([code, stdout.trim().split(' ').slice(0, 2)]).toEqual([0, [file, sha256]])
    expect((await readFile(file)).equals(program)).toBe(true)
    await access(file, constants.X_OK)
  })

  test('a folder where nothing can be put is passed by', async () => {
    const { code, stdout } = await upload(shell, { folders: ['/proc', path.join(folder, 'missing'), folder] })
    expect([code, stdout.split(' ')[0]]).toEqual([0, expect.stringMatching(new RegExp(`^${folder}/kcap-tcpdump-`))])
  })

  test('a program for this machine is taken, one for another is not', async () => {
    const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()
    expect((await upload(shell, { folders: [folder], machines: ['vax', machine] })).code).toBe(0)
    const { code, stderr, file } = await upload(shell, { folders: [folder], machines: ['vax', 'pdp11'] })
    expect([code, stderr]).toEqual([3, `it is a program for vax, and the machine there is ${machine}\n`])
    await expect(readFile(file)).rejects.toThrow('ENOENT')
  })

  test('where no folder will do it says so', async () => {
    const { code, stdout, stderr } = await upload(shell, { folders: ['/proc', path.join(folder, 'missing')] })
    expect([code, stdout, stderr]).toEqual([3, '', 'there is no folder where a program could be put and run\n'])
  })
})

const [plain = []] = distinctShells.filter(([program]) => program !== 'busybox')
test.skipIf(plain.length === 0)('without sha256sum the checksum of POSIX is told', async () => {
  const PATH = await makePath(plain[0] ?? '', 'head', 'chmod', 'rm', 'cksum')
  const { code, stdout } = await upload(plain, { folders: [folder], PATH })
  expect([code, stdout.trim().split(' ').slice(1)]).toEqual([
    0,
    [String(posixChecksum(program)), String(program.length)],
  ])
})

test.skipIf(plain.length === 0)('a program that it takes and that is not there is named', async () => {
  const PATH = await makePath(plain[0] ?? '', 'chmod', 'rm', 'cksum')
  const { code, stderr } = await upload(plain, { folders: [folder], PATH })
  expect([code, stderr]).toEqual([3, 'there is no "head"\n'])
})

const hasBusybox = distinctShells.some(([program]) => program === 'busybox')
test.skipIf(!hasBusybox)('the head of busybox takes no more than the program', async () => {
  const busybox = path.join(folder, 'busybox-head')
  await mkdir(busybox)
  await writeFile(path.join(busybox, 'head'), '#!/bin/sh\nexec busybox head "$@"\n', { mode: 0o755 })
  const { code, file } = await upload(['sh'], { folders: [folder], PATH: `${busybox}:${process.env.PATH}` })
  expect(code).toBe(0)
  expect((await readFile(file)).equals(program)).toBe(true)
})

test('a program that there is no room for leaves nothing behind', async () => {
  const { code, stderr, file } = await upload(['sh', '-c', 'ulimit -f 10; exec sh "$@"', 'sh'], { folders: [folder] })
  expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([3, `it can not be written into ${folder}`])
  await expect(readFile(file)).rejects.toThrow('ENOENT')
})
