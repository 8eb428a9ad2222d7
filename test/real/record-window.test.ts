import { statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { programPath, runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { hasLab, lab, tshark } from './lab.ts'
import { makeRecordImage } from './record-image.ts'
import {
  hasWireshark,
  makeWiresharkHome,
  openDesktop,
  runToEnd,
  type WiresharkHome,
  wiresharkTest,
} from './wireshark-window.ts'

const hidden = 'any,lo,bluetooth-monitor,nflog,nfqueue,dbus-system,dbus-session,ifb0,ifb1,kcap-n0,kcap-j0'
const environment = { KUBECONFIG: lab.kubeconfig }
let home: WiresharkHome
let name = ''

beforeAll(async () => {
  if (!hasWireshark || !hasLab) return
  // A reader of a record has no snap length of its own.
  home = await makeWiresharkHome({ ...environment, KCAP_SNAPLEN: '' }, { width: 1180, height: 480 })
  await writeFile(
    path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'preferences'),
    `capture.devices_hide: ${hidden}\n`,
  )
  expect((await runToEnd(process.execPath, [programPath, 'install'], home.environment)).code).toBe(0)
  const image = await makeRecordImage(await makeTempFolder())
  const words = ['record', 'start', 'svc/orders', '-n', 'shop', '--yes', '--keep', '10MB', '--image', image]
  const { code, stdout, stderr } = await runKcap([...words, '--debug-pull-policy', 'Never'], environment)
  expect(code, stderr).toBe(0)
  name = stdout.toString().trim()
}, 120_000)
afterAll(async () => {
  if (name !== '') await runKcap(['record', 'stop', name], environment)
  await home?.close()
}, 120_000)

wiresharkTest('a running record is an interface of Wireshark, which shows its packets live', async () => {
  const title = `kcap: record shop/${name}`
  const { stdout } = await runToEnd('tshark', ['-D'], home.environment)
  expect(stdout).toContain(`(${title})`)
  expect(stdout).not.toContain(`kcap-${name}`)
  const desktop = await openDesktop(home)
  try {
    const wireshark = desktop.start('wireshark', [])
    await desktop.waitForWindow('The Wireshark Network Analyzer')
    await sleep(2_500)
    await desktop.takeScreenshot('record-list.png')
    const row = await desktop.selectInterface(title)
    await row.startCapture()
    const window = await desktop.waitForWindow(`Capturing from ${title}`)
    const capture = () =>
      home
        .leftFiles()
        .map((left) => path.join(home.temporaryFolder, left))
        .find((left) => left.endsWith('.pcapng') && statSync(left).size > 20_000)
    await expect.poll(capture, { timeout: 30_000 }).toBeDefined()
    await desktop.takeScreenshot('record-window.png')
    const names = await tshark(capture() ?? '', '-c', '100', '-T', 'fields', '-e', 'frame.interface_name')
    expect(new Set(names.trim().split('\n')).size).toBe(2)
    await desktop.pressStop(window)
    await desktop.waitForWindow(`*${title}`, 10_000)
    await desktop.quit(wireshark)
  } finally {
    await desktop.close()
  }
})
