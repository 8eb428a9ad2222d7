import { existsSync, readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test.each(['list', 'doctor'])(
  'Ctrl-C ends a hung login of kcap %s at once, without a word, and with all that the plugin has started',
  async (command) => {
    const folder = await makeTempFolder()
    const plugin = path.join(folder, 'plugin')
    const pids = path.join(folder, 'pids')
    await writeFile(
      plugin,
      `#!/bin/sh\ntrap '' TERM\n(trap '' TERM; sleep 65; true) &\necho $! $$ > ${pids}\nwait\nwait\n`,
    )
    await chmod(plugin, 0o755)
    const kubeconfig = path.join(folder, 'kubeconfig')
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'IfAvailable', command: plugin }
    const config = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { exec } }],
    }
    await writeFile(kubeconfig, JSON.stringify(config))
    const words = command === 'list' ? ['list', 'pods'] : ['doctor', 'shop/x']
    const { child, ended } = startKcap(words, { KUBECONFIG: kubeconfig })
    await expect
      .poll(() => existsSync(pids) && readFileSync(pids, 'utf8').trim() !== '', { timeout: 10_000 })
      .toBe(true)
    const startedMs = Date.now()
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([130, ''])
    expect(Date.now() - startedMs).toBeLessThan(2_000)
    const isRunning = (pid: string) =>
      existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    const started = readFileSync(pids, 'utf8').trim().split(' ')
    await expect.poll(() => started.filter(isRunning), { timeout: 10_000 }).toEqual([])
  },
)
