import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { shells } from '../support/shells.ts'
import { startSupervisor, until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const password = `p 'a$$"w*\\rd`
let folder: string
let environment: Record<string, string>
beforeAll(async () => {
  folder = await makeTempFolder()
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text, { mode: 0o755 })
  // As sudo: -n never asks, -S reads a line of standard input. Its words are kept, to see that they have no password.
  write(
    'sudo',
    `#!/bin/sh
echo "$*" >> "$SUDO_WORDS"
[ "$1" != -n ] || { echo 'sudo: a password is required' >&2; exit 1; }
shift 3
IFS= read -r given
[ "$given" = "$WANTED" ] || { echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
exec "$@"
`,
  )
  write('id', '#!/bin/sh\ncase $1 in -u) echo 1000 ;; *) echo ann ;; esac\n')
  write('tcpdump', '#!/bin/sh\necho "captures as $2"\ncat\nexec sleep 60\n')
  const rest = { SUDO_WORDS: path.join(folder, 'words'), WANTED: password }
  environment = { PATH: `${folder}:${process.env.PATH}`, ...rest }
})

/** busybox takes its own `id` before any on PATH, and root needs no sudo. */
const able = shells.filter(([program]) => program !== 'busybox' || process.getuid?.() !== 0)

describe.each(able)('the supervisor in %s with %s sudo', (...words) => {
  const shell = words.filter((word) => word !== undefined)
  const name = shell[0] === 'busybox' ? userInfo().username : 'ann'
  const programs = [['tcpdump']]

  test('gives sudo the first line of standard input as its password, and nothing else gets it', async () => {
    const capture = startSupervisor(shell, { sudo: 'sudo', readsPassword: true, programs }, environment)
    capture.child.stdin.write(`${password}\nh\n`)
    await until(() => capture.stdout() !== '' && capture.stderr().includes('alive'))
    capture.child.stdin.write('q\n')
    await until(() => capture.stderr().includes('ended'))
    capture.child.stdin.write('r\n')
    await capture.exited
    expect(capture.stdout()).toBe(`captures as ${name}\n`)
    expect(capture.stderr()).toContain(`using sudo -S -p  tcpdump -Z ${name}`)
    expect(capture.stderr() + readFileSync(environment.SUDO_WORDS ?? '', 'utf8')).not.toContain(password)
  })

  test('gives sudo its password also where the stream is compressed', async () => {
    const capture = startSupervisor(
      shell,
      { sudo: 'sudo', readsPassword: true, compression: 'gzip', programs },
      environment,
    )
    const chunks: Buffer[] = []
    capture.child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    capture.child.stdin.write(`${password}\nh\n`)
    await until(() => chunks.length > 0 && capture.stderr().includes('alive'))
    capture.child.stdin.write('q\n')
    await until(() => capture.stderr().includes('ended'))
    capture.child.stdin.write('r\n')
    await capture.exited
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe(`captures as ${name}\n`)
  })

  test('distinguishes a wrong password from the right one', async () => {
    const capture = startSupervisor(shell, { sudo: 'sudo', readsPassword: true, programs }, environment)
    capture.child.stdin.write('wrong\n')
    await until(() => capture.stderr().includes('ended 1'))
    capture.child.stdin.write('r\n')
    expect(await capture.exited).toBe(1)
    expect(capture.stderr()).toContain('incorrect password')
  })

  test('runs sudo -n without a password', async () => {
    const capture = startSupervisor(shell, { sudo: 'sudo', programs }, environment)
    await until(() => capture.stderr().includes('ended 1'))
    capture.child.stdin.write('r\n')
    expect(await capture.exited).toBe(1)
    expect(capture.stderr()).toContain(`using sudo -n tcpdump -Z ${name}`)
  })

  test('skips sudo for a tcpdump that has the capabilities itself', async () => {
    writeFileSync(path.join(folder, 'getcap'), '#!/bin/sh\necho "$1 cap_net_admin,cap_net_raw=eip"\n', { mode: 0o755 })
    const capture = startSupervisor(shell, { sudo: 'sudo', programs }, environment)
    await until(() => capture.stdout() !== '')
    writeFileSync(path.join(folder, 'getcap'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    capture.child.stdin.end()
    await capture.exited
    expect(capture.stderr()).toMatch(/using tcpdump/)
  })
})
