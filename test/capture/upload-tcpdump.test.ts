import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { uploadFolders } from '../../src/remote/upload-script.ts'
import { openDemoFixture } from '../support/demo.ts'
import { expectRefusal, makeDemoUser } from '../support/demo-user.ts'
import { makeFakeKubectl } from '../support/fake-kubectl.ts'

const demo = await openDemoFixture()
const kubectl = await makeFakeKubectl(demo.folder)
const uploaded = path.join(demo.folder, 'static-tcpdump')
// The remote side has no tcpdump of its own then.
await writeFile(uploaded, await readFile(kubectl.tcpdump))
await rm(kubectl.tcpdump)
const user = await makeDemoUser(demo, undefined, { PATH: `${kubectl.folder}:/usr/bin:/bin` })
const machine = () => execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()

test('a tcpdump that was put there captures, and is gone afterwards', async () => {
  const { code, lines } = await user.capture('prod/slim-0', '--via', 'kubectl', '--upload-tcpdump', uploaded, '-v')
  expect([code, lines]).toEqual([0, expect.arrayContaining([expect.stringMatching(/: 20 packets, /)])])
  const [, file = ''] = /(\/\S+\/kcap-tcpdump-[0-9a-f]{8}) -i any /.exec(lines.join('\n')) ?? []
  expect(uploadFolders).toContain(path.dirname(file))
  await expect.poll(() => existsSync(file)).toBe(false)
})

test.each([
  ['--time-stamp-precision=nano', 'nano', []],
  ['--immediate-mode', 'immediate', ['--snaplen', '96']],
  ['--immediate-mode', 'nano', ['--snaplen', '96']],
])('an uploaded tcpdump that knows no %s is started without it, and then removed', async (option, known, words) => {
  const old = path.join(demo.folder, 'old-tcpdump')
  const refusal = `tcpdump: unrecognized option '${option}'`
  const [first = '', ...rest] = (await readFile(uploaded, 'utf8')).split('\n')
  const check = `case "$*" in *${known}*) echo "${refusal}" >&2; exit 1 ;; esac`
  await writeFile(old, [first, check, ...rest].join('\n'))
  const { code, lines } = await user.capture('prod/slim-0', '--via', 'kubectl', '--upload-tcpdump', old, '-v', ...words)
  expect([code, lines]).toEqual([0, expect.arrayContaining([expect.stringMatching(/: 20 packets, /)])])
  const [, file = ''] = /(\/\S+\/kcap-tcpdump-[0-9a-f]{8}) -i any /.exec(lines.join('\n')) ?? []
  expect(uploadFolders).toContain(path.dirname(file))
  await expect.poll(() => existsSync(file)).toBe(false)
})

test("an empty file is 'upload-failed'", async () => {
  const empty = path.join(demo.folder, 'empty-tcpdump')
  await writeFile(empty, '')
  const { code, lines } = await user.capture('prod/slim-0', '--upload-tcpdump', empty)
  expect(code).toBe(6)
  expectRefusal(lines, `cannot put "${empty}" into "prod/slim-0": the file is empty`)
})

test("a file that can't be read is 'usage', before the cluster is asked", async () => {
  const { code, lines } = await user.capture('prod/slim-0', '--upload-tcpdump', '/nonexistent/tcpdump')
  expect(code).toBe(2)
  expectRefusal(
    lines,
    'cannot upload "/nonexistent/tcpdump": no such file',
    '--upload-tcpdump FILE takes a static tcpdump for the processor of the node',
  )
})

test('a program for another machine is refused before a shell takes it for a script', async () => {
  const foreign = path.join(demo.folder, 'foreign-tcpdump')
  // The header of a program for s390x, big-endian.
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x02\x01', 'latin1')
  header.writeUInt16BE(22, 18)
  await writeFile(foreign, header)
  const { code, lines } = await user.capture('prod/slim-0', '--via', 'kubectl', '--upload-tcpdump', foreign)
  expect([code, lines[0]]).toEqual([
    6,
    `kcap: error: cannot put "${foreign}" into "prod/slim-0": it is a program for s390x, and the machine there is ${machine()}`,
  ])
})

test('a container where nothing can be put and run says so', async () => {
  // Its shell has no programs but its own commands.
  await writeFile(
    path.join(kubectl.folder, 'kubectl'),
    '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift\nPATH=/nonexistent exec /bin/"$@"\n',
  )
  await chmod(path.join(kubectl.folder, 'kubectl'), 0o755)
  const { code, lines } = await user.capture('prod/slim-0', '--via', 'kubectl', '--upload-tcpdump', uploaded)
  expect(code).toBe(6)
  expectRefusal(
    lines,
    `cannot put "${uploaded}" into "prod/slim-0": there is no "dd"`,
    'another route: --via ephemeral, --via node-pod',
  )
})
