import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { beforeAll, expect } from 'vitest'
import { openIdleCutter } from '../support/idle-cutter.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, findPod, lab, realTest } from './lab.ts'

/** Seconds of silence. Real proxies allow more: KCAP_IDLE_SECONDS=600 KCAP_IDLE_CUT_SECONDS=60, run by hand. */
const seconds = Number(process.env.KCAP_IDLE_SECONDS ?? 25)
const cutMs = Number(process.env.KCAP_IDLE_CUT_SECONDS ?? 7) * 1000
const silent = ['-i', 'lo', '--filter', 'tcp port 9', '--duration', String(seconds), '--no-names', '--json']

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

realTest(
  'a capture without packets for long survives proxies that cut silent connections',
  async () => {
    const api = await openIdleCutter('10.231.0.2', 6443, cutMs)
    const ssh = await openIdleCutter('10.231.0.2', 2222, cutMs)
    const portOf = (server: typeof api) => (server.address() as AddressInfo).port
    const kubeconfig = path.join(folder, 'kubeconfig')
    const text = await readFile(lab.kubeconfig, 'utf8')
    await writeFile(kubeconfig, text.replace('https://10.231.0.2:6443', `https://127.0.0.1:${portOf(api)}`))
    const config = path.join(folder, 'ssh_config')
    const trust = ['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null']
    const lines = ['HostName 127.0.0.1', `Port ${portOf(ssh)}`, 'User root', `IdentityFile ${lab.sshFolder}/id_root`]
    await writeFile(config, ['Host relay', ...lines, ...trust].join('\n'))
    const host = ['--ssh-config', config, '--ssh-host', 'relay']
    const ways = [
      [`shop/${await findPod('orders')}`],
      [...host, '--ssh-client', 'ssh2'],
      [...host, '--ssh-client', 'openssh'],
    ]
    const runs = ways.map((way, index) =>
      startKcap([...way, ...silent, '-o', path.join(folder, `${index}.pcapng`)], { KUBECONFIG: kubeconfig }),
    )
    for (const { ended } of runs) {
      const { code, stderr } = await ended
      expect(code, stderr).toBe(0)
      const [source] = JSON.parse(stderr.trim().split('\n').at(-1) ?? '').sources
      expect(source).toMatchObject({ packets: 0, gaps: 0, state: 'ended' })
    }
    // What is kept open for the next request is another matter.
    expect(ssh.cuts).toBe(0)
    api.close()
    ssh.close()
    await expectNoCaptures()
  },
  (seconds + 60) * 1000,
)
