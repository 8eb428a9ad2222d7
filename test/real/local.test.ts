import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeEach, expect } from 'vitest'
import WebSocket from 'ws'
import { afterThisTest } from '../support/cleanups.ts'
import { programPath, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, findPod, kubectl, lab, ownSnapLength, realTest, tshark } from './lab.ts'

const run = promisify(execFile)
let folder: string
beforeEach(async () => {
  folder = await makeTempFolder()
})

/** A web server on loopback that is asked ten times a second. */
async function startTraffic(): Promise<number> {
  const server = http.createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const timer = setInterval(() => http.get({ port, host: '127.0.0.1' }, (response) => response.resume()), 100)
  afterThisTest.add(() => {
    clearInterval(timer)
    server.closeAllConnections()
    server.close()
  })
  return port
}

/** Processes of this machine with a capture id of kcap, started by this file, by their command lines. */
async function captures(): Promise<string[]> {
  const { stdout } = await run('sh', [
    '-c',
    'for p in /proc/[0-9]*; do grep -qs KCAP_CAPTURE= $p/environ && tr "\\0" " " <$p/cmdline && echo; done; true',
  ])
  return stdout.split('\n').filter((line) => line.startsWith('tcpdump') && line.includes(` -s ${ownSnapLength} `))
}

realTest('kcap local captures this machine as tcpdump does', async () => {
  const port = await startTraffic()
  const [own, foreign] = ['own.pcapng', 'foreign.pcap'].map((name) => path.join(folder, name)) as [string, string]
  const filter = `tcp port ${port}`
  const tcpdump = run('timeout', ['6', 'tcpdump', '-i', 'lo', '-U', '-w', foreign, filter]).catch(() => {})
  await sleep(500)
  const { code, stderr } = await startKcap(['local', '--iface', 'lo', '--filter', filter, '--duration', '3', '-o', own])
    .ended
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^kcap: local: \d+ packets, .* none dropped/)])
  await tcpdump
  const times = async (file: string) =>
    (await tshark(file, '-T', 'fields', '-e', 'tcp.seq_raw', '-e', 'tcp.len')).trim()
  const [ours, theirs] = [await times(own), await times(foreign)]
  expect(ours.split('\n').length).toBeGreaterThan(50)
  expect(theirs).toContain(ours)
  expect(await capinfos(own)).toContain('Name = local lo')
})

realTest('a shared capture of this machine does not capture the stream to its readers', async () => {
  const port = await startTraffic()
  const file = path.join(folder, 'own.pcapng')
  const kcap = startKcap(['local', '--serve', '--duration', '4', '-o', file])
  let said = ''
  kcap.child.stderr?.on('data', (chunk) => (said += chunk))
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/sharing at \S+\n/)
  const link = /sharing at (\S+)/.exec(said)?.[1] ?? ''
  const reader = new WebSocket(link.replace(/^kcaps/, 'wss').replace(/#.*/, ''), { rejectUnauthorized: false })
  reader.on('message', () => {})
  expect((await kcap.ended).code).toBe(0)
  const { port: sharePort } = new URL(link.replace(/^kcaps/, 'https'))
  expect((await tshark(file, '-Y', `tcp.port == ${port}`)).split('\n').length).toBeGreaterThan(50)
  expect(await tshark(file, '-Y', `tcp.port == ${sharePort}`)).toBe('')
})

realTest('a killed kcap leaves no capture program on this machine', async () => {
  const before = await captures()
  const file = path.join(folder, 'own.pcapng')
  const kcap = startKcap(['local', '--iface', 'lo', '-o', file])
  await expect.poll(async () => (await captures()).length, { timeout: 20_000 }).toBe(before.length + 1)
  kcap.child.kill('SIGKILL')
  await kcap.ended
  await expect.poll(captures, { timeout: 30_000 }).toEqual(before)
})

realTest('a pod is captured from a shell on its node, by its own network', async () => {
  const pod = await findPod('orders')
  const address = (await kubectl('get', 'pod', pod, '-n', 'shop', '-o', 'jsonpath={.status.podIP}')).trim()
  const file = path.join(folder, 'pod.pcapng')
  const words = [`shop/${pod}`, '--kubeconfig', lab.kubeconfig, '--via', 'local', '--duration', '4', '-q', '-o', '-']
  // The node has a /tmp of its own.
  const argv = ['node-exec', process.execPath, programPath, ...words]
  const { stdout } = await run(lab.command, argv, { encoding: 'buffer', maxBuffer: 1e8 })
  expect(stdout.length).toBeGreaterThan(5_000)
  await writeFile(file, stdout)
  const addresses = (await tshark(file, '-Y', 'ip', '-T', 'fields', '-e', 'ip.src', '-e', 'ip.dst')).trim().split('\n')
  expect(addresses.length).toBeGreaterThan(10)
  expect(addresses.filter((line) => !line.includes(address))).toEqual([])
  expect(await capinfos(file)).toContain("the pod's network on this machine")
})
