import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect } from 'vitest'
import { startKcap } from '../support/run-kcap.ts'
import { listBelow } from './own-sshd.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'
import { makeArgv, type TableRow } from './ssh-table-row.ts'
import { openTableSetting, type TableSetting } from './ssh-table-setting.ts'

let setting: TableSetting
beforeAll(async () => {
  if (hasOwnSshd) setting = await openTableSetting()
})

function words(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return '' // it has ended
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  for (const endMs = Date.now() + limitMs; Date.now() < endMs && !condition(); ) await sleep(25)
  expect(condition()).toBe(true)
}

const clients = ['ssh2', 'openssh'] as const
const moments = ['login', 'capture'] as const
const signals = ['SIGTERM', 'SIGINT', 'SIGKILL'] as const
const cases = clients.flatMap((client) =>
  moments.flatMap((moment) => signals.map((signal) => ({ client, moment, signal }))),
)

sshdTest.concurrent.each(cases)(
  'through $client, $signal during the $moment leaves no local process, and no folder that the next run does not remove',
  async ({ client, moment, signal }) => {
    const folder = setting.file(`${client}-${moment}-${signal}`)
    mkdirSync(folder)
    const row: TableRow = {
      port: moment === 'login' ? 'mumRelay' : 'plain',
      argv: ({ ports }) => ['--jump-host', `root@127.0.0.1:${ports.banner}`],
    }
    const run = async (limit: string[]) =>
      startKcap([...(await makeArgv(setting, row, client, limit)), '--json'], { XDG_RUNTIME_DIR: folder })
    const { child, ended } = await run(['--duration', '60'])
    const pid = child.pid ?? 0
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
    })
    const isBelow = (name: string) =>
      listBelow(pid).some((one) =>
        words(one)
          .replace(/^\/\S*\//, '')
          .startsWith(name),
      )
    if (moment === 'capture') await until(() => /"state":"capturing"/.test(said), 30_000)
    else await until(() => /"state":"starting"/.test(said) && (client === 'ssh2' || isBelow('ssh ')), 30_000)
    // The last host never answers: it is a login still.
    if (moment === 'login') await sleep(500)
    const started = listBelow(pid)
    child.kill(signal)
    const { code } = await ended
    const interrupted = { SIGTERM: 143, SIGINT: 130, SIGKILL: null } as const
    expect(code).toBe(moment === 'capture' && signal !== 'SIGKILL' ? 0 : interrupted[signal])
    await until(() => started.every((one) => !isRunning(one)), 15_000)
    const left = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'kcap')
    if (signal !== 'SIGKILL') expect(left()).toEqual([])
    else if (moment === 'capture') {
      expect((await (await run(['--count', '1'])).ended).code).toBe(0)
      expect(left()).toEqual([])
    }
  },
)
