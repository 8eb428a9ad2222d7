import { readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, findPod, hasLab, kubectl, lab, listCaptures, realTest, tshark } from './lab.ts'
import { openForm, waitFor } from './wireshark-form.ts'
import {
  type Desktop,
  type InterfaceRow,
  makeWiresharkHome,
  openDesktop,
  runToEnd,
  type WiresharkHome,
} from './wireshark-window.ts'

const clusterName = 'kcap: cluster lab'
const startPage = 'The Wireshark Network Analyzer'

let home: WiresharkHome
let desktop: Desktop
let pod = ''
let callsFile = ''
let before: string[] = []
beforeAll(async () => {
  if (!hasLab) return
  const folder = await makeTempFolder()
  const recorder = path.join(folder, 'record-calls.cjs')
  callsFile = path.join(folder, 'calls')
  const line = 'JSON.stringify(process.argv.slice(2)) + "\\n"'
  await writeFile(recorder, `require('node:fs').appendFileSync(${JSON.stringify(callsFile)}, ${line})\n`)
  home = await makeWiresharkHome(
    { KUBECONFIG: lab.kubeconfig, NODE_OPTIONS: `--require=${recorder}` },
    { width: 1100, height: 830 },
  )
  const settings = home.environment.WIRESHARK_CONFIG_DIR ?? ''
  // The links of this machine, some of them the lab's own.
  const hidden = 'any,bluetooth-monitor,nflog,nfqueue,dbus-system,dbus-session,ifb0,ifb1,kcap-n0,kcap-j0'
  await writeFile(path.join(settings, 'preferences'), `capture.devices_hide: ${hidden}\n`)
  expect((await runToEnd(process.execPath, [programPath, 'install'], home.environment)).code).toBe(0)
  pod = await findPod('orders')
})
beforeEach(async () => {
  if (!hasLab) return
  before = await listCaptures()
  await writeFile(callsFile, '')
  desktop = await openDesktop(home)
})
afterEach(async () => await desktop?.close())
afterAll(async () => await home?.close())

/** Returns what Wireshark has asked kcap since the test began, except the questions that the launcher answers itself. */
function calls(word: string): string[][] {
  const lines = readFileSync(callsFile, 'utf8').split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string[])
    .filter((argv) => argv.includes(word))
}

const isRunning = (word: string) => home.processes().some((line) => line.includes(word))
const until = async <Value>(what: string, find: () => Value | undefined) => await waitFor(desktop, what, find)
const readOption = (argv: readonly string[], option: string) =>
  argv.includes(`--${option}`) ? argv[argv.indexOf(`--${option}`) + 1] : undefined

async function startWireshark(...argv: string[]) {
  const wireshark = desktop.start('wireshark', argv)
  await desktop.waitForWindow(argv.length === 0 ? startPage : `Capturing from ${clusterName}`)
  return wireshark
}

/** The button that Return presses is Start; in Wireshark 4.0 it is Save, and the start is left to the list. */
async function startFromDialog(row: InterfaceRow, name = clusterName): Promise<void> {
  await desktop.press('Return')
  await desktop.waitForWindow(`Capturing from ${name}`, 1_500).catch(async () => await row.startCapture())
}

/** Waits for packets; returns their temporary file and the arguments of kcap. */
async function waitForCapture(name = clusterName) {
  const window = await desktop.waitForWindow(`Capturing from ${name}`)
  const file = await until('packets', () =>
    home
      .leftFiles()
      .map((left) => path.join(home.temporaryFolder, left))
      .find((left) => left.endsWith('.pcapng') && statSync(left).size > 5_000),
  )
  const capture = calls('--capture').at(-1) ?? []
  expect(isRunning('--capture')).toBe(true)
  return { window, file, capture }
}

/** Stop is prompt and silent, and neither process, file nor capture is left after the end of Wireshark. */
async function stopAndQuit(window: string, wireshark: ReturnType<Desktop['start']>, name = clusterName): Promise<void> {
  const stoppedMs = Date.now()
  await desktop.pressStop(window)
  await desktop.waitForWindow(`*${name}`, 5_000)
  expect(Date.now() - stoppedMs).toBeLessThan(2_500)
  expect(await desktop.titles()).toEqual([expect.stringMatching(/^\*/)])
  await desktop.quit(wireshark)
  expect(wireshark.exitCode).toBe(0)
  await desktop.close()
  expect(await home.lastProcesses()).toEqual([])
  expect(home.leftFiles()).toEqual([])
  expect((await listCaptures()).filter((line) => !before.includes(line))).toEqual([])
}

realTest('a pod chosen in the dialog of a cluster is captured', async () => {
  const wireshark = await startWireshark()
  const row = await desktop.selectInterface(clusterName)
  await desktop.takeScreenshot('wireshark-interfaces.png')
  expect(await desktop.titles()).toEqual([startPage])

  await row.openOptions()
  const form = await openForm({ home, desktop, calls }, 'kcap-lab')
  await desktop.takeScreenshot('wireshark-dialog.png')
  await form.load('namespace')
  await form.choose('namespace', 'shop')
  expect(readOption(await form.load('target'), 'namespace')).toBe('shop')
  await form.choose('target', `pod/${pod}`)
  await desktop.press('alt+Down')
  await sleep(300)
  await desktop.takeScreenshot('wireshark-dialog-loaded.png')
  await desktop.press('Return')
  expect(readOption(await form.load('container'), 'target')).toBe(`pod/${pod}`)
  await startFromDialog(row)

  const { window, file, capture } = await waitForCapture()
  expect([readOption(capture, 'namespace'), readOption(capture, 'target')]).toEqual(['shop', `pod/${pod}`])
  // Wireshark shows packets a moment after it has them.
  await sleep(1_500)
  await desktop.takeScreenshot('wireshark-dialog-capture.png')
  expect((await capinfos(file)).match(/Name = .*/g)).toEqual([`Name = shop/${pod} any`])
  const address = await kubectl('get', 'pod', pod, '-n', 'shop', '-o', 'jsonpath={.status.podIP}')
  expect(await tshark(file, '-Y', `ip and not ip.addr == ${address}`)).toBe('')
  await stopAndQuit(window, wireshark)
})

realTest('a choice in the dialog is used again and shown again after a restart of Wireshark', async () => {
  const choice = { namespace: 'shop', target: `pod/${pod}` }
  const read = (argv: readonly string[]) => ({
    namespace: readOption(argv, 'namespace'),
    target: readOption(argv, 'target'),
  })
  const wireshark = await startWireshark('-k', '-i', 'kcap-lab')
  const { window, capture } = await waitForCapture()
  expect(read(capture)).toEqual(choice)
  await stopAndQuit(window, wireshark)

  desktop = await openDesktop(home)
  const again = await startWireshark()
  const row = await desktop.selectInterface(clusterName)
  await row.openOptions()
  const form = await openForm({ home, desktop, calls }, 'kcap-lab')
  expect(read(await form.load('container'))).toEqual(choice)
  await form.choose('container', 'proxy')
  await form.showTab('Capture')
  expect(readOption(await form.load('iface'), 'container')).toBe('proxy')
  await form.choose('iface', 'eth0')
  await startFromDialog(row)
  const second = await waitForCapture()
  expect(read(second.capture)).toEqual(choice)
  expect(['container', 'iface'].map((option) => readOption(second.capture, option))).toEqual(['proxy', 'eth0'])
  expect((await capinfos(second.file)).match(/Name = .*/g)).toEqual([`Name = shop/${pod} eth0`])
  await stopAndQuit(second.window, again)
})

realTest('a choice from a loaded list is shown again, and survives the next start from the dialog', async () => {
  const wireshark = await startWireshark()
  const row = await desktop.selectInterface(clusterName)
  await row.openOptions()
  const form = await openForm({ home, desktop, calls }, 'kcap-lab')
  const shown = await form.load('namespace')
  expect(['container', 'iface'].map((option) => readOption(shown, option))).toEqual(['proxy', 'eth0'])
  await desktop.press('Escape')
  await desktop.quit(wireshark)
})

realTest('a workload entry is captured from its own dialog, which lists its pods', async () => {
  const config = path.join(home.folder, 'few.yaml')
  await writeFile(config, 'list: { maxPods: 3 }\n')
  home.environment.KCAP_CONFIG = config
  await desktop.close()
  desktop = await openDesktop(home)
  const workload = 'kcap: shop/deploy/orders (2 pods)'
  try {
    const wireshark = await startWireshark()
    const row = await desktop.selectInterface(workload)
    await desktop.takeScreenshot('wireshark-workloads.png')
    await row.openOptions()
    const form = await openForm({ home, desktop, calls }, 'kcap-lab.shop.deploy_orders')
    await form.load('target')
    await desktop.takeScreenshot('wireshark-workload-dialog.png')
    await startFromDialog(row, workload)
    const { window, file } = await waitForCapture(workload)
    expect((await capinfos(file)).match(/Name = .*/g)?.sort()).toEqual([
      expect.stringMatching(/^Name = shop\/orders-\w+-\w+ any$/),
      expect.stringMatching(/^Name = shop\/orders-\w+-\w+ any$/),
    ])
    await stopAndQuit(window, wireshark, workload)
  } finally {
    delete home.environment.KCAP_CONFIG
  }
})
