import { statSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { programPath } from '../support/run-kcap.ts'
import { capinfos, expectNoCaptures, hasLab, lab, realTest } from './lab.ts'
import { openForm, waitFor } from './wireshark-form.ts'
import { type Desktop, makeWiresharkHome, openDesktop, runToEnd, type WiresharkHome } from './wireshark-window.ts'

const name = 'kcap: SSH node-sudopw'
let home: WiresharkHome
let desktop: Desktop
let password = ''
beforeAll(async () => {
  if (!hasLab) return
  home = await makeWiresharkHome({}, { width: 1100, height: 830 })
  const settings = home.environment.WIRESHARK_CONFIG_DIR ?? ''
  const config = path.join(home.folder, 'config.yaml')
  await writeFile(config, 'sshHosts: [node-sudopw]\n')
  // ssh finds its config by the account, not by HOME.
  const programs = path.join(home.folder, 'programs')
  await mkdir(programs)
  await writeFile(path.join(programs, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F '${lab.sshConfig}' "$@"\n`)
  await chmod(path.join(programs, 'ssh'), 0o755)
  Object.assign(home.environment, { KCAP_CONFIG: config, PATH: `${programs}:${process.env.PATH}` })
  const hidden = 'any,bluetooth-monitor,nflog,nfqueue,dbus-system,dbus-session,ifb0,ifb1,kcap-n0,kcap-j0'
  await writeFile(path.join(settings, 'preferences'), `capture.devices_hide: ${hidden}\n`)
  expect((await runToEnd(process.execPath, [programPath, 'install'], home.environment)).code).toBe(0)
  password = /^sudopw\s+(\S+)/m.exec(await readFile(path.join(lab.sshFolder, 'PASSWORDS'), 'utf8'))?.[1] ?? ''
  desktop = await openDesktop(home)
})
afterAll(async () => {
  await desktop?.close()
  await home?.close()
})

realTest("a host's sudo gets the password that was typed in the dialog, and nobody else sees it", async () => {
  const wireshark = desktop.start('wireshark', [])
  await desktop.waitForWindow('The Wireshark Network Analyzer')
  const row = await desktop.selectInterface(name)
  await row.openOptions()
  const form = await openForm({ home, desktop, calls: () => [] }, 'kcapssh-node-sudopw')
  await form.showTab('SSH')
  await form.choose('sudo', 'sudo')
  await form.choose('sudo-password', password)
  await desktop.takeScreenshot('wireshark-ssh-dialog.png')
  await desktop.press('Return')
  await desktop.waitForWindow(`Capturing from ${name}`, 1_500).catch(async () => await row.startCapture())

  const window = await desktop.waitForWindow(`Capturing from ${name}`)
  const file = await waitFor(desktop, 'packets', () =>
    home
      .leftFiles()
      .map((left) => path.join(home.temporaryFolder, left))
      .find((left) => left.endsWith('.pcapng') && statSync(left).size > 5_000),
  )
  expect(home.processes().some((line) => line.includes('--capture') || line === 'kcap-extcap')).toBe(true)
  expect(home.processes().filter((line) => line.includes(password))).toEqual([])
  await sleep(1_500)
  await desktop.takeScreenshot('wireshark-ssh-capture.png')
  expect((await capinfos(file)).match(/Name = .*/g)).toEqual(['Name = ssh://node-sudopw any'])
  expect((await readFile(file)).includes(password)).toBe(false)
  await desktop.pressStop(window)
  await desktop.waitForWindow(`*${name}`, 8_000)
  await desktop.quit(wireshark)
  const preferences = await readFile(path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'preferences'), 'utf8')
  expect(preferences).toContain('extcap.kcapssh_node_sudopw.sudo: sudo')
  expect(preferences).not.toContain(password)
  await desktop.close()
  await expectNoCaptures()
})
