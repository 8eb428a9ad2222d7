import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { debugImage, expectNoCaptures, lab, realTest, tshark } from './lab.ts'

/** 200 Mbit/s, on the node's loopback. */
const loadBytesPerSecond = 25_000_000
const seconds = 4
const nodeAddress = '10.231.0.2'
const discardPort = 9
/** Traffic of the pod `hostnet`, and the lab's own. */
const loadPort = 18_081
const otherPorts = [18_080]

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

const kubeconfig = (name: string) => path.join(lab.kubeconfigFolder, name)

realTest.each([
  ['in a pod on its network', ['shop/hostnet'], 'admin.yaml'],
  ['in such a pod, the API server behind a load balancer', ['shop/hostnet'], 'admin-fwd.yaml'],
  [
    'by a pod on it, the API server behind a load balancer',
    ['node/kcap-node', '-n', 'shop', '--via', 'node-pod', ...debugImage],
    'admin-fwd.yaml',
  ],
  ['by SSH', ['--ssh-config', lab.sshConfig, '--ssh-host', 'node'], 'admin.yaml'],
  ['by SSH through a jump host', ['--ssh-config', lab.sshConfig, '--ssh-host', 'node-via-jump'], 'admin.yaml'],
])('a capture of a node under 200 Mbit/s, %s, has nothing of its own stream', async (_how, words, config) => {
  const file = path.join(folder, 'node.pcapng')
  const load = spawn(
    lab.command,
    [
      'node-exec',
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '--limit-rate',
      String(loadBytesPerSecond),
      '-m',
      '40',
      `http://127.0.0.1:${loadPort}/bytes/1500000000`,
    ],
    { stdio: 'ignore' },
  )
  const { code, stderr } = await runKcap([...words, '--duration', String(seconds), '-o', file, '--force'], {
    KUBECONFIG: kubeconfig(config),
  })
  load.kill()
  await once(load, 'exit')
  expect(code, stderr).toBe(0)
  const bytes = sumByPort(file)
  const loaded = bytes.get(loadPort) ?? 0
  // "any" sees the loopback once: what goes out comes in.
  expect(loaded).toBeGreaterThan(loadBytesPerSecond * seconds * 0.5)
  const others = [...bytes].filter(([port]) => port !== loadPort && !otherPorts.includes(port))
  // The node's other programs talk too, of little; a stream that held itself would be as large as the load.
  for (const [port, count] of others) expect(count, `port ${port}`).toBeLessThan(loaded * 0.01)
  expect((await stat(file)).size).toBeGreaterThan(0)
  await expectNoCaptures()
})

realTest.each([
  ['by SSH', ['--ssh-config', lab.sshConfig, '--ssh-host', 'node-ip'], 'not vlan'],
  ['by SSH', ['--ssh-config', lab.sshConfig, '--ssh-host', 'node-ip'], 'not port 22 and not mpls'],
  ['by SSH', ['--ssh-config', lab.sshConfig, '--ssh-host', 'node-ip'], 'udp or not geneve'],
  ['in a pod on its network', ['shop/hostnet'], 'not port 22 and not vlan'],
  ['in a pod on its network', ['shop/hostnet'], 'not (pppoes or port 22)'],
])('a capture of a node %s %j with --filter "%s" does not feed on its own stream', async (_how, words, filter) => {
  const file = path.join(folder, 'shifted.pcapng')
  const socket = createSocket('udp4')
  const packet = Buffer.alloc(1_000)
  const load = setInterval(() => socket.send(packet, discardPort, nodeAddress), 10)
  try {
    const limits = ['--duration', '3', '--max-size', '200MB', '-o', file, '--force']
    const { code, stderr } = await runKcap([...words, '--iface', 'eth0', '--filter', filter, ...limits], {
      KUBECONFIG: kubeconfig('admin.yaml'),
    })
    expect(code, stderr).toBe(0)
  } finally {
    clearInterval(load)
    socket.close()
  }
  const count = (text: string) => text.split('\n').filter((line) => line !== '').length
  expect(count(await tshark(file, '-Y', `udp.dstport == ${discardPort}`))).toBeGreaterThan(100)
  expect(await tshark(file, '-Y', 'tcp.port in {2222, 6443, 10250}')).toBe('')
  await expectNoCaptures()
})

/** Bytes of TCP on the wire by the lower of both ports, which is the server's. */
function sumByPort(file: string): Map<number, number> {
  const argv = [
    '-n',
    '-r',
    file,
    '-Y',
    'tcp',
    '-T',
    'fields',
    '-e',
    'frame.len',
    '-e',
    'tcp.srcport',
    '-e',
    'tcp.dstport',
  ]
  const text = execFileSync('tshark', argv, { encoding: 'utf8', maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'ignore'] })
  const sums = new Map<number, number>()
  for (const line of text.trim().split('\n')) {
    const [length = 0, from = 0, to = 0] = line.split('\t').map(Number)
    const port = Math.min(from, to)
    sums.set(port, (sums.get(port) ?? 0) + length)
  }
  return sums
}
