import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect } from 'vitest'
import { quoteArgv } from '../../src/base/quote.ts'
import { bareEnvironment, programPath } from '../support/run-kcap.ts'
import { listBelow } from './own-sshd.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'
import { makeArgv, type TableRow } from './ssh-table-row.ts'
import { openTableSetting, type TableSetting } from './ssh-table-setting.ts'

let setting: TableSetting
beforeAll(async () => {
  if (hasOwnSshd) setting = await openTableSetting()
})

function readOf(pid: string, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1')
  } catch {
    return '' // it has ended
  }
}

const listProcesses = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

/** Each process that has a secret in its argv, or is kcap's child and has one in its environment. */
function findSecrets(secrets: readonly string[], kcap: number): string[] {
  const has = (text: string) => secrets.some((secret) => text.includes(secret))
  const argv = listProcesses().filter((pid) => has(readOf(pid, 'cmdline')))
  // What has not become its own program yet has kcap's environment.
  const own = readOf(String(kcap), 'cmdline')
  const children = listBelow(kcap)
    .map(String)
    .filter((pid) => readOf(pid, 'cmdline') !== own)
  const environ = children.filter((pid) => has(readOf(pid, 'environ')))
  return [...argv.map((pid) => `argv of ${readOf(pid, 'cmdline')}`), ...environ.map((pid) => `environ of ${pid}`)]
}

function readFiles(folder: string): string {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  return files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(path.join(file.parentPath, file.name), 'latin1'))
    .join('\n')
}

/** Returns the pid of the kcap that script has started through a shell. */
function findKcap(script: number): number | undefined {
  return listBelow(script).find((pid) => readOf(String(pid), 'cmdline').includes(`\0${programPath}\0`))
}

sshdTest.each(['ssh2', 'openssh'] as const)(
  'through %s a password, a passphrase and the password of sudo are in no argv, no environment of a child, no file and no output',
  async (client) => {
    const { user, passphrase, file } = setting
    const secrets = [user.password, passphrase]
    const folder = file(`home-${client}`)
    mkdirSync(folder)
    const log = path.join(folder, 'log')
    const row: TableRow = {
      port: 'both',
      user: 'ordinary',
      // The jump host is a child of kcap too: through ssh itself, and through a command.
      config: () => [`IdentityFile ${file('locked')}`, 'IdentitiesOnly yes', 'ProxyCommand socat - TCP:%h:%p'],
      argv: () => ['--sudo', 'sudo', '--verbose', '--log-file', log, '--log-level', 'debug'],
    }
    const argv = await makeArgv(setting, row, client, ['--count', '100', '--duration', '20'])
    const words = quoteArgv([process.execPath, programPath, ...argv])
    const terminal = spawn('script', ['-qec', words, '/dev/null'], {
      env: {
        ...process.env,
        ...bareEnvironment,
        XDG_CACHE_HOME: path.join(folder, 'cache'),
        TMPDIR: folder,
        KCAP_SSH_PASSWORD: user.password,
        KCAP_SUDO_PASSWORD: user.password,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    let isTyped = false
    terminal.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
      if (isTyped || !said.includes('Enter passphrase for key')) return
      isTyped = true
      terminal.stdin.write(`${passphrase}\r`)
    })
    const ended = new Promise<number | null>((resolve) => terminal.once('close', resolve))
    const found = new Set<string>()
    const seen = new Set<string>()
    let temporary = ''
    const endMs = Date.now() + 60_000
    while (terminal.exitCode === null && terminal.signalCode === null) {
      if (Date.now() > endMs) terminal.kill()
      const kcap = findKcap(terminal.pid ?? 0)
      if (kcap !== undefined) {
        for (const place of findSecrets(secrets, kcap)) found.add(place)
        for (const pid of listBelow(kcap)) seen.add(readOf(String(pid), 'cmdline').split('\0')[0] ?? '')
        temporary ||= readFiles(folder)
      }
      await sleep(15)
    }
    expect(await ended, said).toBe(0)
    expect([...found]).toEqual([])
    // What is looked at is there.
    expect([...seen].map((name) => path.basename(name))).toEqual(
      expect.arrayContaining(client === 'ssh2' ? ['socat'] : ['ssh', 'socat']),
    )
    expect(isTyped).toBe(true)
    const capture = readFileSync(argv[argv.indexOf('-o') + 1] ?? '', 'latin1')
    const logged = readFileSync(log, 'utf8')
    expect(logged).toContain('sudo -S')
    for (const secret of secrets)
      for (const [name, text] of Object.entries({ said, logged, capture, temporary, left: readFiles(folder) }))
        expect(text.includes(secret), `${secret} in ${name}`).toBe(false)
    expect(readdirSync(folder).filter((name) => name.startsWith('kcap-'))).toEqual([])
  },
)
