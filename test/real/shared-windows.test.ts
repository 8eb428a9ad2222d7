import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { tshark } from './lab.ts'
import { openForm } from './wireshark-form.ts'
import {
  type Desktop,
  hasWireshark,
  makeWiresharkHome,
  openDesktop,
  runToEnd,
  type WiresharkHome,
  wiresharkTest,
} from './wireshark-window.ts'

const run = promisify(execFile)
const interfaceName = 'kcap: shared capture'
const hidden = 'any,bluetooth-monitor,nflog,nfqueue,dbus-system,dbus-session,ifb0,ifb1,kcap-n0,kcap-j0'

let demo: DemoFixture
let home: WiresharkHome
let desktop: Desktop
beforeAll(async () => {
  if (!hasWireshark) return
  demo = await openDemoFixture({ packetsPerSecond: 100 })
  home = await makeWiresharkHome({}, { width: 1180, height: 480 })
  await writeFile(
    path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'preferences'),
    `capture.devices_hide: ${hidden}\n`,
  )
  expect((await runToEnd(process.execPath, [programPath, 'install'], home.environment)).code).toBe(0)
})
beforeEach(async () => {
  if (!hasWireshark) return
  desktop = await openDesktop(home)
})
afterEach(async () => await desktop?.close())
afterAll(async () => await home?.close())

/** Starts kcap on the desktop; settles when it has printed a link. */
async function share(...words: string[]): Promise<string> {
  const argv = [programPath, 'svc/orders', '-n', 'prod', '--kubeconfig', await demo.kubeconfig(), '--serve', ...words]
  const child = desktop.start(process.execPath, argv)
  let said = ''
  child.stderr?.on('data', (chunk) => (said += chunk))
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/sharing at \S+\n/)
  return /sharing at (\S+)/.exec(said)?.[1] ?? ''
}

wiresharkTest('two windows show one capture: that of who shares it, and that of a colleague', async () => {
  const link = await share('--wireshark')
  const own = 'service orders in namespace prod'
  const ownWindow = await desktop.waitForWindow(`Capturing from ${own}`)
  const { port } = new URL(link.replace(/^kcaps/, 'https'))
  desktop.start(process.execPath, [programPath, link, '--wireshark'])
  const window = await desktop.waitForWindow(`Capturing from shared capture at 127.0.0.1:${port}`)
  for (const [id, y] of [
    [ownWindow, 0],
    [window, 525],
  ] as const)
    await run('xdotool', ['windowmove', id, '0', `${y}`], { env: desktop.environment })
  await sleep(5_000)
  await desktop.takeScreenshot('shared-windows.png')
  expect(await desktop.titles()).toEqual([
    expect.stringMatching(`^Capturing from ${own}`),
    expect.stringMatching(`^Capturing from shared capture at 127.0.0.1:${port}`),
  ])
})

wiresharkTest('a link in the dialog of the shared capture is captured, and stored nowhere', async () => {
  const file = path.join(await makeTempFolder(), 'own.pcapng')
  const link = await share('-o', file)
  const wireshark = desktop.start('wireshark', [])
  await desktop.waitForWindow('The Wireshark Network Analyzer')
  const row = await desktop.selectInterface(interfaceName)
  await row.openOptions()
  const form = await openForm({ home, desktop, calls: () => [] }, 'kcapshared')
  await form.choose('link', link)
  await desktop.takeScreenshot('shared-dialog.png')
  await desktop.press('Return')
  await desktop.waitForWindow(`Capturing from ${interfaceName}`, 3_000).catch(async () => await row.startCapture())
  const window = await desktop.waitForWindow(`Capturing from ${interfaceName}`)
  const capture = () =>
    home
      .leftFiles()
      .map((left) => path.join(home.temporaryFolder, left))
      .find((left) => left.endsWith('.pcapng') && statSync(left).size > 5_000)
  await expect.poll(capture, { timeout: 20_000 }).toBeDefined()
  await sleep(1_500)
  await desktop.takeScreenshot('shared-capture.png')
  expect((await tshark(capture() ?? '', '-c', '20')).split('\n').length).toBeGreaterThan(20)
  // While the capture runs.
  const token = /\/([\w-]{32})#/.exec(link)?.[1] ?? 'none'
  expect(home.processes().filter((line) => line.includes(token))).toEqual([])
  await desktop.pressStop(window)
  await desktop.waitForWindow(`*${interfaceName}`, 5_000)
  await desktop.quit(wireshark)
  const found = await run('grep', ['-rlF', token, home.folder]).catch(() => ({ stdout: '' }))
  expect(found.stdout).toBe('')
  expect(readFileSync(file).includes(token)).toBe(false)
})

wiresharkTest('the shared capture without a link is one dialog that says where to paste it', async () => {
  desktop.start('wireshark', ['-k', '-i', 'kcapshared'])
  await desktop.waitForWindow('Wireshark')
  await sleep(1_500)
  await desktop.takeScreenshot('shared-error.png')
  expect((await desktop.titles()).length).toBe(2)
})
