import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { formatConfig } from '../../src/extcap/config.ts'
import { formatDlts } from '../../src/extcap/dlts.ts'
import { formatLauncher } from '../../src/install/format-launcher.ts'
import { openDemoFixture } from '../support/demo.ts'
import { readListing } from '../support/read-listing.ts'
import { bareEnvironment, programPath, runKcap } from '../support/run-kcap.ts'
import { distinctShells as shells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** Spaces, quotes, a dollar and letters that are none of ASCII's in every path. */
const folderName = `it's "odd" $HOME ü Кот`

const top = path.join(await makeTempFolder(), folderName)
const cache = path.join(top, 'cache')
const launcher = path.join(top, 'extcap', 'kcap')
const program = path.join(top, 'dist', 'kcap.cjs')
/** Replaces the program: prints what reaches Node. */
const fakeProgram = 'console.log("node: " + process.argv.slice(2).join("|"))'
/** Replaces Node, which starts slowly: prints its arguments and its process id. */
const fakeNode = path.join(top, 'node')
const fakeNodeScript = `#!/bin/sh
shift
printf 'node:'
mark=' '
for word; do
  printf '%s%s' "$mark" "$word"
  mark='|'
done
echo
echo $$ >"$0.pid"
`
for (const name of ['extcap', 'dist', 'cache']) mkdirSync(path.join(top, name), { recursive: true })
copyFileSync(path.join(path.dirname(programPath), 'launcher.sh'), path.join(top, 'dist', 'launcher.sh'))
writeFileSync(program, fakeProgram)
writeFileSync(fakeNode, fakeNodeScript, { mode: 0o755 })
const demo = await openDemoFixture()
const kubeconfig = await demo.kubeconfig()
beforeEach(() => {
  writeFileSync(launcher, formatLauncher({ node: fakeNode, script: program }, 'linux'), { mode: 0o755 })
})

const environment = () => ({ ...process.env, ...bareEnvironment, XDG_CACHE_HOME: cache, KUBECONFIG: kubeconfig })

function ask(shell: readonly string[], ...argv: string[]): string {
  const [command = '', ...words] = [...shell, launcher, ...argv]
  return execFileSync(command, words, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] }).toString()
}

/** Returns the answer of the program itself. */
async function askProgram(...argv: string[]): Promise<string> {
  return (await runKcap(argv, { XDG_CACHE_HOME: cache, KUBECONFIG: kubeconfig })).stdout.toString()
}

describe.each(shells)('the launcher in %s %s', (...words) => {
  const shell = words.filter((word) => word !== undefined)

  test.each([
    'kcapdemo',
    'kcapssh',
    'kcapshared',
    'kcap-prod.shop.record_orders-7f3a',
    'kcapssh-bastion',
    'kcap-x.shop.orders-6c9f',
    'kcap-x.shop.a.b--0a1b2c',
    'kcap-x.shop.sts_db',
  ])('answers %s as the program would, without Node', (value) => {
    for (const [question, own] of [
      ['--extcap-dlts', formatDlts()],
      ['--extcap-config', formatConfig(['--extcap-config', '--extcap-interface', value])],
    ] as const) {
      const answer = ask(shell, question, '--extcap-interface', value)
      expect(answer).toBe(own)
      expect(ask(shell, '--extcap-version=4.4', question, `--extcap-interface=${value}`)).toBe(answer)
    }
  })

  test('passes everything else to Node unchanged', () => {
    for (const argv of [
      ['--extcap-interfaces', '--extcap-version=4.4'],
      ['--capture', '--extcap-interface', 'kcapdemo', '--fifo', `/tmp/${folderName}`, '--filter', "a 'b' $c \\ *"],
      ['--extcap-config', '--extcap-interface', 'kcapdemo', '--extcap-reload-option', 'iface'],
      ['--extcap-interface', 'kcapdemo', '--extcap-config-option-name', 'N', '--extcap-config-option-value', 'V'],
      ['--extcap-capture-filter', 'tcp', '--extcap-interface', 'kcapdemo'],
      ['--extcap-config', '--extcap-interface', 'eth0'],
      ['--extcap-config', '--extcap-interface', 'kcap-A/../x'],
      ['--extcap-cleanup-postkill'],
    ])
      expect(ask(shell, ...argv)).toBe(`node: ${argv.join('|')}\n`)
  })

  test("answers for a cluster from the last listing's file, unless something changed it since", async () => {
    await readListing({ XDG_CACHE_HOME: cache, KUBECONFIG: kubeconfig })
    const file = path.join(cache, 'kcap', 'answers', 'kcap-kcap-demo')
    const question = ['--extcap-config', '--extcap-interface', 'kcap-kcap-demo']
    const byNode = `node: ${question.join('|')}\n`
    const good = readFileSync(file, 'utf8')
    expect(ask(shell, ...question)).toBe(await askProgram(...question))
    expect(ask(shell, ...question)).toContain('{value=pod/orders-6c9f}')

    const edits: Record<string, (text: string) => string> = {
      empty: () => '',
      'cut off': (text) => text.slice(0, -20),
      'with a line more': (text) => `${text}arg {number=99}{call=--UPPER}{display=x}{type=string}\n`,
      'with another letter': (text) => text.replace('pod/orders', 'pod/0rders'),
      'of another version': (text) => text.replace(version, '99.0.0'),
      'of another kubeconfig': (text) => text.replace(kubeconfig, '/elsewhere'),
      'with no header': (text) => text.slice(text.indexOf('\n') + 1),
      binary: () => '\0\x01\xff'.repeat(100),
    }
    for (const [what, edit] of Object.entries(edits)) {
      writeFileSync(file, edit(good))
      expect(ask(shell, ...question), what).toBe(byNode)
    }
    rmSync(file)
    expect(ask(shell, ...question)).toBe(byNode)
    mkdirSync(file)
    expect(ask(shell, ...question)).toBe(byNode)
    rmSync(file, { recursive: true })
    execFileSync('mkfifo', [file])
    expect(ask(shell, ...question)).toBe(byNode)
    rmSync(file)
    writeFileSync(path.join(top, 'elsewhere'), good)
    symlinkSync(path.join(top, 'elsewhere'), file)
    expect(ask(shell, ...question)).toBe(byNode)
    rmSync(file)
    writeFileSync(file, good)
    expect(ask(shell, ...question)).not.toBe(byNode)
  })

  test('becomes the program, so that a signal to it reaches kcap', () => {
    // `exec` leaves the process id as it was.
    const [command = '', ...rest] = [...shell, launcher, '--extcap-interfaces']
    const { pid } = spawnSync(command, rest, { env: environment() })
    expect(readFileSync(`${fakeNode}.pid`, 'utf8')).toBe(`${pid}\n`)
  })

  test('finds another Node when its own is gone', () => {
    writeFileSync(launcher, formatLauncher({ node: '/gone/node', script: program }, 'linux'))
    expect(ask(shell, '--extcap-interfaces')).toBe('node: --extcap-interfaces\n')
  })

  test('reports in the list that kcap is gone, and opens the FIFO so that Wireshark does not wait', () => {
    const fifo = path.join(top, 'fifo')
    execFileSync('mkfifo', [fifo])
    renameSync(program, `${program}.gone`)
    try {
      expect(ask(shell, '--extcap-interfaces', '--extcap-version=4.4')).toMatch(
        /^extcap \{.*\}\ninterface \{value=kcap-gone\}\{display=kcap cannot start: .*\}\n$/,
      )
      const [command = '', ...rest] = shell
      const capture = [...rest, launcher, '--capture', '--extcap-interface', 'kcap-gone', '--fifo', fifo]
      const reader = execFileSync(
        'sh',
        ['-c', 'timeout 5 cat "$0" >/dev/null & "$@" 2>&1; wait; echo "read $?"', fifo, command, ...capture],
        { env: environment() },
      )
      expect(reader.toString()).toBe('kcap cannot start: Node or kcap itself is gone; type: kcap install\nread 0\n')
      const file = path.join(top, 'no-fifo')
      ask(shell, '--capture', '--fifo', file)
      expect(existsSync(file)).toBe(false)
    } finally {
      renameSync(`${program}.gone`, program)
      rmSync(fifo)
    }
  })
})

test('Wireshark can start the launcher: a script with the right first line', () => {
  chmodSync(launcher, 0o755)
  const argv = ['--extcap-dlts', '--extcap-interface', 'kcapdemo']
  expect(execFileSync(launcher, argv, { env: environment() }).toString()).toMatch(/^dlt \{/)
})
