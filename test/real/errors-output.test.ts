import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from 'vitest'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectError, expectNoProcess } from './error-row.ts'
import { lab, realTest, tshark } from './lab.ts'

const run = promisify(execFile)
const mounts: string[] = []
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})
afterAll(async () => {
  for (const mount of mounts) await run('umount', [mount])
})

const busyHost = ['--ssh-config', lab.sshConfig, '--ssh-host', 'node']
const otherName = '-o OTHER-NAME'
const savedPackets = /^(\d+) packets are saved$/

async function mountFolder(name: string, options: string): Promise<string> {
  const mount = path.join(folder, name)
  await mkdir(mount)
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mount])
  mounts.push(mount)
  return mount
}

realTest.concurrent('an absent output folder is an error', async () => {
  const file = path.join(folder, 'no such folder/out.pcapng')
  await expectError(folder, {
    argv: [...busyHost, '-o', file],
    message: `cannot write "${file}": there is no folder "${path.dirname(file)}"`,
    hints: [/^mkdir -p '?\/.*no such folder'?$/],
    exitCode: 7,
  })
})

realTest.concurrent('an existing output file is an error and stays unchanged', async () => {
  const file = path.join(folder, 'mine.pcapng')
  await writeFile(file, 'mine')
  await expectError(folder, {
    argv: [...busyHost, '-o', file],
    message: `cannot write "${file}": file exists`,
    hints: ['--force overwrites it', otherName],
    exitCode: 7,
  })
  expect(await readFile(file, 'utf8')).toBe('mine')
})

realTest.concurrent('a folder in the place of the output file is an error', async () => {
  await expectError(folder, {
    argv: [...busyHost, '--force', '-o', folder],
    message: `cannot write "${folder}": is a directory`,
    hints: [`ls -ld ${path.dirname(folder)}`, otherName],
    exitCode: 7,
  })
})

realTest.concurrent('an output that is not writable is an error', async () => {
  const file = path.join(await mountFolder('read-only', 'ro,size=100k'), 'out.pcapng')
  await expectError(folder, {
    argv: [...busyHost, '-o', file],
    message: `cannot write "${file}": the file system is read-only`,
    hints: [`ls -ld ${path.dirname(file)}`, otherName],
    exitCode: 7,
  })
})

realTest.concurrent.each(['pcap', 'pcapng'])(
  'a full disk leaves a %s file that is valid to its last whole packet',
  async (ending) => {
    const mount = await mountFolder(`full-${ending}`, 'size=1536k')
    const file = path.join(mount, `out.${ending}`)
    const { hints } = await expectError(folder, {
      argv: [...busyHost, '-o', file],
      message: `cannot write on to "${file}": the disk is full`,
      hints: [
        savedPackets,
        'the file is valid up to its last whole packet',
        `df -h ${mount}`,
        'keep less of each packet: --snaplen 128',
      ],
      exitCode: 7,
    })
    expect(await readdir(mount)).toEqual([`out.${ending}`])
    const saved = Number(savedPackets.exec(hints[0] ?? '')?.[1])
    expect(saved).toBe((await tshark(file)).trim().split('\n').length)
    // All packets except the one that had no room.
    expect((await stat(file)).size).toBeGreaterThan(1536 * 1024 - 70_000)
  },
)

realTest.concurrent("a full disk behind the shell's > leaves a whole file too", async () => {
  const file = path.join(await mountFolder('full-stdout', 'size=600k'), 'out.pcapng')
  const line = '"$@" -o - >"$0" || echo "exit code $?"'
  const { stdout, stderr } = await run('sh', ['-c', line, file, process.execPath, programPath, ...busyHost])
  expect([stdout, stderr]).toEqual([
    'exit code 7\n',
    expect.stringContaining('cannot write on to "standard output": the disk is full'),
  ])
  const saved = Number(/(\d+) packets are saved/.exec(stderr)?.[1])
  expect(saved).toBe((await tshark(file)).trim().split('\n').length)
})

realTest.concurrent(
  'a disk that is full with files of a ring: the summary counts the packets of the files',
  async () => {
    const mount = await mountFolder('full-ring', 'size=1000k')
    const file = path.join(mount, 'out.pcapng')
    const { hints } = await expectError(folder, {
      argv: [...busyHost, '-o', file, '--rotate-size', '300kB', '--rotate-files', '5'],
      message: /^cannot write on to ".*\/out_00004_\d+\.pcapng": the disk is full$/,
      hints: [savedPackets, 'the file is valid up to its last whole packet', `df -h ${mount}`, /--snaplen 128$/],
      exitCode: 7,
    })
    const packets = await Promise.all((await readdir(mount)).map(async (name) => await tshark(path.join(mount, name))))
    expect(Number(savedPackets.exec(hints[0] ?? '')?.[1])).toBe(packets.join('').trim().split('\n').length)
  },
)

realTest.concurrent('a reader that leaves early causes no error', async () => {
  const line = '"$0" "$@" -o - --snaplen 99001 | head -c 100 | wc -c'
  const { stdout, stderr } = await run('bash', [
    '-o',
    'pipefail',
    '-c',
    line,
    process.execPath,
    programPath,
    ...busyHost,
  ])
  expect(stdout.trim()).toBe('100')
  expect(stderr).not.toContain('error')
  expect(stderr).toContain('(reader closed)')
  await expectNoProcess('-s 99001')
})
