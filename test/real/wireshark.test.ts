import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { programPath } from '../support/run-kcap.ts'
import { findPod, hasLab, lab, listCaptures, realTest, tshark } from './lab.ts'
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

let home: WiresharkHome
let desktop: Desktop | undefined
let pod = ''
let before: string[] = []
beforeAll(async () => {
  home = await makeWiresharkHome(hasLab ? { KUBECONFIG: lab.kubeconfig } : {})
  if (hasWireshark) await kcap('install')
  if (hasLab) pod = await findPod('orders')
})
beforeEach(async () => {
  before = hasLab ? await listCaptures() : []
})
afterEach(async () => {
  await desktop?.close()
  desktop = undefined
})
afterAll(async () => await home.close())

const kcap = async (...argv: string[]) => await runToEnd(process.execPath, [programPath, ...argv], home.environment)
const runTshark = async (...argv: string[]) => await runToEnd('tshark', argv, home.environment)
const extcapFolder = () => path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'extcap')

/** Returns what tshark prints in addition to its usual lines. */
function complaints(stderr: string): string {
  const usual =
    /^Running as user|^Capturing on|Capture started\.$|-- File: |^tshark: $|^\d* ?packets? captured$|^\d+ packets captured$|^\d* ?$|nl80211/
  return stderr
    .split('\n')
    .map((line) => line.replace(/\r/g, ''))
    .filter((line) => !usual.test(line))
    .join('\n')
}

async function countPackets(file: string, displayFilter = ''): Promise<number> {
  return (await tshark(file, '-Y', displayFilter)).split('\n').filter((line) => line !== '').length
}

/** Within two seconds the remote side runs what it ran before, others' captures included. */
async function expectNoCapturesOfOurs(): Promise<void> {
  if (!hasLab) return
  const listOurs = async () => (await listCaptures()).filter((line) => !before.includes(line))
  for (const startedMs = Date.now(); Date.now() - startedMs < 2_000 && (await listOurs()).length > 0; ) await sleep(100)
  expect(await listOurs()).toEqual([])
}

/** Neither a process nor a FIFO here, nor a capture on the remote side. */
async function expectNothingLeft(): Promise<void> {
  expect(await home.lastProcesses()).toEqual([])
  expect(home.leftFiles()).toEqual([])
  await expectNoCapturesOfOurs()
}

wiresharkTest('kcap install installs kcap where this Wireshark looks, and tshark -D lists its interfaces', async () => {
  expect((await readdir(extcapFolder())).sort()).toEqual(['kcap'])
  const { code, stdout, stderr } = await runTshark('-D')
  expect([code, complaints(stderr)]).toEqual([0, ''])
  expect(stdout).toContain(' kcapdemo (kcap: demo)\n')
  expect(stdout).toContain(' kcapssh (kcap: SSH host)\n')
})

realTest('tshark -D lists the cluster and its running pods', async () => {
  const { stdout } = await runTshark('-D')
  expect(stdout).toContain(' kcap-lab (kcap: cluster lab)\n')
  expect(stdout).toContain(` kcap-lab.shop.${pod} (kcap: shop/${pod})\n`)
  expect(stdout).toContain(' (kcap: staging/orders-')
})

wiresharkTest('kcap uninstall removes only files that kcap wrote', async () => {
  const foreign = path.join(extcapFolder(), 'other-extcap')
  await writeFile(foreign, '#!/bin/sh\n', { mode: 0o755 })
  expect((await kcap('uninstall')).stdout).toContain(`kcap: removed ${path.join(extcapFolder(), 'kcap')}\n`)
  expect(await readdir(extcapFolder())).toEqual(['other-extcap'])
  expect((await runTshark('-D')).stdout).not.toContain('kcap:')
  expect((await kcap('uninstall')).stdout).toContain(`kcap: nothing of kcap's is in ${extcapFolder()}`)
  await rm(foreign)
  expect((await kcap('install')).code).toBe(0)
})

wiresharkTest('kcap neither overwrites nor removes a foreign file of the same name', async () => {
  const file = path.join(extcapFolder(), 'kcap')
  await writeFile(file, '#!/bin/sh\necho mine\n')
  const installed = await kcap('install')
  expect([installed.code, installed.stderr]).toEqual([
    1,
    `kcap: error: cannot install "${file}": a file of that name is there that kcap did not write\nkcap:   hint: ls -l ${file}\n`,
  ])
  expect((await kcap('uninstall')).stdout).not.toContain(extcapFolder())
  expect(await readFile(file, 'utf8')).toBe('#!/bin/sh\necho mine\n')
  await rm(file)
  expect((await kcap('install')).code).toBe(0)
})

wiresharkTest("tshark -G currentprefs accepts all of kcap's arguments and does not abort", async () => {
  const { code, stdout } = await runTshark('-G', 'currentprefs')
  expect(code).toBe(0)
  const keys = [...stdout.matchAll(/^#?(extcap\.kcap[^:]*):/gm)].map(([, key]) => key ?? '')
  expect(keys).toContain('extcap.kcapdemo.iface')
  expect(keys).toContain('extcap.kcapssh.sshhost')
  expect(keys.filter((key) => !/^extcap\.[a-z0-9_]+\.[a-z0-9_]+$/.test(key))).toEqual([])
  expect(new Set(keys).size).toBe(keys.length)
})

wiresharkTest('tshark captures from the demo, and nothing keeps running', async () => {
  const file = path.join(home.folder, 'demo.pcapng')
  const { code, stderr } = await runTshark('-i', 'kcapdemo', '-c', '20', '-w', file)
  expect([code, complaints(stderr)]).toEqual([0, ''])
  expect(await countPackets(file)).toBe(20)
  await expectNothingLeft()
})

wiresharkTest('limits of the dialog end a capture of the demo in tshark, and nothing keeps running', async () => {
  const file = path.join(home.folder, 'limited.pcapng')
  const limits = ['-o', 'extcap.kcapdemo.count:30', '-o', 'extcap.kcapdemo.protocol:tcp']
  const { code, stderr } = await runTshark('-i', 'kcapdemo', ...limits, '-w', file)
  expect([code, complaints(stderr)]).toEqual([0, ''])
  expect([await countPackets(file), await countPackets(file, 'not tcp')]).toEqual([30, 0])
  await expectNothingLeft()
})

realTest('tshark captures in a pod, and nothing keeps running, locally or remotely', async () => {
  const file = path.join(home.folder, 'pod.pcapng')
  const { code, stderr } = await runTshark('-i', `kcap-lab.shop.${pod}`, '-c', '20', '-w', file)
  expect([code, complaints(stderr)]).toEqual([0, ''])
  expect(await countPackets(file)).toBe(20)
  expect((await run('capinfos', [file])).stdout).toContain(`Name = shop/${pod} any`)
  await expectNothingLeft()
})

realTest('kcap applies the capture filter of Wireshark', async () => {
  const file = path.join(home.folder, 'filtered.pcapng')
  const argv = ['-i', `kcap-lab.shop.${pod}`, '-f', 'tcp port 8080', '-c', '20', '-w', file]
  const { code, stderr } = await runTshark(...argv)
  expect([code, complaints(stderr)]).toEqual([0, ''])
  expect([await countPackets(file), await countPackets(file, 'not tcp.port == 8080')]).toEqual([20, 0])
  await expectNothingLeft()
})

realTest('tshark captures on an SSH host that preferences name', async () => {
  const settings = {
    sshhost: '127.0.0.1',
    sshport: '2222',
    sshuser: 'root',
    identity: path.join(lab.sshFolder, 'id_root'),
    port: '18080',
  }
  const file = path.join(home.folder, 'ssh.pcapng')
  const preferences = Object.entries(settings).flatMap(([key, value]) => ['-o', `extcap.kcapssh.${key}:${value}`])
  const argv = ['-i', 'kcapssh', ...preferences, '-c', '20', '-w', file]
  const { code, stderr } = await runToEnd('unshare', await withKnownHosts(['tshark', ...argv]), home.environment)
  expect([code, complaints(stderr)]).toEqual([0, ''])
  expect([await countPackets(file), await countPackets(file, 'not tcp.port == 18080')]).toEqual([20, 0])
  await expectNothingLeft()
})

/** ssh looks for ~/.ssh in the home of the user database, whatever HOME says: for this command another folder is mounted there. */
async function withKnownHosts(argv: readonly string[]): Promise<string[]> {
  const own = path.join(home.folder, 'ssh-home')
  await mkdir(path.join(own, '.ssh'), { recursive: true, mode: 0o700 })
  await copyFile(path.join(lab.sshFolder, 'known_hosts'), path.join(own, '.ssh', 'known_hosts'))
  const script = 'mount --bind "$0" "$1" && shift && exec "$@"'
  const { homedir } = userInfo()
  const [from, to] = existsSync(path.join(homedir, '.ssh'))
    ? [path.join(own, '.ssh'), path.join(homedir, '.ssh')]
    : [own, homedir]
  return ['-m', 'sh', '-c', script, from, to, ...argv]
}

/** Wireshark 4.0 waits for ever for an extcap that dies before it opens its FIFO. */
realTest.each([
  ['kcap-lab.shop.no-tcpdump', [], 'cannot capture in "shop/no-tcpdump": there is no "tcpdump"'],
  ['kcap-lab.shop.distroless', [], 'cannot capture in "shop/distroless": its container has no "sh"'],
  ['kcap-lab.shop.unprivileged', [], 'cannot capture in "shop/unprivileged": its user may not capture'],
  ['kcap-lab', [], 'cannot capture in the cluster "lab": no pod is named'],
  ['kcapssh', [], 'cannot capture by SSH: no host is named'],
  ['kcapdemo', ['-f', 'tcp prot 8080'], 'cannot use the capture filter "tcp prot 8080": '],
] as const)('tshark -i %s %j does not hang and shows one short text', async (value, more, text) => {
  const file = path.join(home.folder, 'failed.pcapng')
  const { code, stderr, tookMs } = await runTshark('-i', value, ...more, '-w', file)
  expect(code).not.toBe(null)
  expect(tookMs).toBeLessThan(15_000)
  const said = complaints(stderr)
  expect(said.split(text).length, stderr).toBe(2)
  const lines = said.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(1)
  expect(lines.length).toBeLessThanOrEqual(4)
  expect(said).not.toMatch(/--[a-z]|^ *(?:kcap|kubectl) /m)
  expect(said.length).toBeLessThan(1_024)
  await expectNothingLeft()
})

/** Opens Wireshark's window on a live stream, and stops it from there. */
async function watchAndStop(command: string, argv: readonly string[], title: string, screenshot: string) {
  desktop = await openDesktop(home)
  const child = desktop.start(command, argv)
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const window = await desktop.waitForWindow(`Capturing from ${title}`)
  const file = await waitForGrowth()
  await sleep(1_500)
  await desktop.takeScreenshot(`${screenshot}.png`)
  const stoppedMs = Date.now()
  await desktop.pressStop(window)
  await desktop.waitForWindow(`*${title}`, 5_000)
  expect(Date.now() - stoppedMs).toBeLessThan(2_500)
  await expectNoCapturesOfOurs()
  await sleep(500)
  expect(await desktop.titles()).toEqual([expect.stringMatching(/^\*/)])
  await desktop.takeScreenshot(`${screenshot}-stopped.png`)
  expect(await countPackets(file)).toBeGreaterThan(20)
  expect(home.processes().filter((line) => line.includes('kcap.cjs'))).toEqual([])
  expect(home.leftFiles().filter((name) => !name.endsWith('.pcapng'))).toEqual([])
  return { exited, stderr: () => stderr }
}

/** Wireshark's temporary file, once packets come in. */
async function waitForGrowth(): Promise<string> {
  for (let i = 0; i < 100; i++) {
    for (const name of home.leftFiles().filter((left) => left.endsWith('.pcapng'))) {
      const file = path.join(home.temporaryFolder, name)
      if ((await stat(file)).size > 5_000) return file
    }
    await sleep(100)
  }
  throw new Error(`no packets come: ${home.leftFiles().join(' ')}`)
}

async function closeDesktop(): Promise<void> {
  await desktop?.close()
  for (const name of home.leftFiles()) await rm(path.join(home.temporaryFolder, name))
  await expectNothingLeft()
}

wiresharkTest('the window shows packets of the demo, and Stop is prompt and silent', async () => {
  await watchAndStop('wireshark', ['-k', '-i', 'kcapdemo'], 'kcap: demo', 'wireshark-demo')
  await closeDesktop()
})

realTest('the window shows packets of a pod, and Stop is prompt and silent', async () => {
  await watchAndStop('wireshark', ['-k', '-i', `kcap-lab.shop.${pod}`], `kcap: shop/${pod}`, 'wireshark-pod')
  await closeDesktop()
})

realTest('a failure is one dialog with a remedy, not a window that waits forever', async () => {
  desktop = await openDesktop(home)
  desktop.start('wireshark', ['-k', '-i', 'kcap-lab.shop.no-tcpdump'])
  await desktop.waitForWindow('Wireshark')
  await sleep(1_000)
  await desktop.takeScreenshot('wireshark-error.png')
  expect((await desktop.titles()).length).toBe(2)
  await desktop.press('Return')
  await sleep(1_500)
  await desktop.takeScreenshot('wireshark-error-closed.png')
  expect((await desktop.titles()).length).toBe(1)
  await closeDesktop()
})

realTest('kcap svc/orders -n shop --wireshark ends without an error when the window stops', async () => {
  const argv = [programPath, 'svc/orders', '-n', 'shop', '--kubeconfig', lab.kubeconfig, '--wireshark']
  const { exited, stderr } = await watchAndStop(
    process.execPath,
    argv,
    'service orders in namespace shop',
    'wireshark-service',
  )
  expect(await exited).toBe(0)
  expect(stderr()).toMatch(/written to Wireshark in .* \(reader closed\)\n$/)
  await closeDesktop()
})

realTest('the window captures a service chosen in the dialog of the cluster, with resolved names', async () => {
  const chosen = ['extcap.kcap_lab.namespace:shop', 'extcap.kcap_lab.target:svc/orders'].flatMap((value) => [
    '-o',
    value,
  ])
  const argv = ['-k', '-i', 'kcap-lab', '-o', 'nameres.network_name:TRUE', ...chosen]
  await watchAndStop('wireshark', argv, 'kcap: cluster lab', 'wireshark-cluster')
  await closeDesktop()
})

realTest('Ctrl-C ends kcap NS/POD --wireshark, and the window keeps its packets', async () => {
  desktop = await openDesktop(home)
  const argv = [programPath, `shop/${pod}`, '--kubeconfig', lab.kubeconfig, '--wireshark']
  const child = desktop.start(process.execPath, argv)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  await desktop.waitForWindow(`Capturing from pod ${pod} in namespace shop`)
  await waitForGrowth()
  child.kill('SIGINT')
  expect(await exited).toBe(0)
  await desktop.waitForWindow(`*pod ${pod} in namespace shop`)
  expect(home.leftFiles().filter((name) => !name.endsWith('.pcapng'))).toEqual([])
  await expectNoCapturesOfOurs()
  await closeDesktop()
})
