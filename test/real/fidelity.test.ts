import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, expect } from 'vitest'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { toPackets } from '../support/packets.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, findPod, hasLab, kubectl, lab, listAllCaptures, realTest, runLab, tshark } from './lab.ts'

const run = promisify(execFile)
const pingCount = 20_000
let folder: string
let pod = ''
beforeAll(async () => {
  folder = await makeTempFolder()
  if (hasLab) pod = await findPod('orders')
})

/** Every packet of a pcap as time, lengths and content. */
async function readPackets(file: string): Promise<string[]> {
  const reader = makePcapReader(file)
  const packets = toPackets(reader.push(await readFile(file)))
  expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
  return packets.map(({ data, originalLength }) => `${originalLength} ${createHash('sha1').update(data).digest('hex')}`)
}

/**
 * Captures 20,000 small packets with kcap, and at the same time with tcpdump, on the same interface. Returns what kcap printed on
 * standard error.
 */
async function compare(
  words: readonly string[],
  reference: { start: string[]; read: string[] },
  traffic: string[],
  filter: string,
): Promise<string> {
  const file = path.join(folder, `${words.join('').replace(/\W/g, '')}.pcap`)
  const other = spawn(lab.command, reference.start, { stdio: ['ignore', 'ignore', 'pipe'] })
  let counters = ''
  other.stderr.on('data', (chunk) => (counters += chunk))
  const otherExited = new Promise((resolve) => other.on('close', resolve))
  const kcap = startKcap([...words, '-i', 'lo', '--filter', filter, '-o', file], { KUBECONFIG: lab.kubeconfig })
  for (let i = 0; i < 100 && (await listAllCaptures()).length < 2; i++) await sleep(100)
  await sleep(1_000)
  await run(lab.command, traffic, { maxBuffer: 1e8 })
  await sleep(2_000)
  kcap.child.kill('SIGINT')
  const { code, stderr } = await kcap.ended
  expect(code, stderr).toBe(0)
  for (const line of await listAllCaptures()) await runLab('node-exec', 'kill', '-TERM', line.split('\t')[0] ?? '')
  await otherExited
  await expectNoCaptures()

  const referenceFile = path.join(folder, 'reference.pcap')
  await run('sh', ['-c', `"$@" > '${referenceFile}'`, 'sh', lab.command, ...reference.read], { maxBuffer: 1e9 })
  const [ours, theirs] = [await readPackets(file), await readPackets(referenceFile)]
  const counted = Number(/(\d+) packets captured/.exec(counters)?.[1])
  expect(theirs.length).toBe(counted)
  expect(ours.length).toBeGreaterThanOrEqual(pingCount)
  expect(stderr).toContain(`${String(ours.length).replace(/\B(?=(\d{3})+$)/g, ',')} packets`)
  expect(stderr).toContain('none dropped')
  expect(ours).toEqual(theirs)
  return stderr
}

/** 20,000 UDP datagrams of one to three digits to a port nobody listens on; each also gives an ICMP answer. */
const sendDatagrams = `i=0; while [ $i -lt ${pingCount} ]; do echo $i > /dev/udp/127.0.0.1/9; i=$((i+1)); done`

realTest('a capture through kube exec has what the pod saw, byte for byte', async () => {
  const inPod = ['kubectl', '-n', 'shop', 'exec', pod, '-c', 'proxy', '--']
  const command = `tcpdump -i lo -s 0 -B 16384 -w /tmp/reference.pcap udp port 9`
  await compare(
    [`shop/${pod}`],
    { start: [...inPod, 'sh', '-c', command], read: [...inPod, 'cat', '/tmp/reference.pcap'] },
    [...inPod, 'bash', '-c', sendDatagrams],
    'udp port 9',
  )
  await kubectl('-n', 'shop', 'exec', pod, '-c', 'proxy', '--', 'rm', '/tmp/reference.pcap')
})

realTest('with a small snap length tcpdump delivers each packet at once, and none is lost', async () => {
  const inPod = ['kubectl', '-n', 'shop', 'exec', pod, '-c', 'proxy', '--']
  const command = `tcpdump -i lo -s 512 -B 16384 -w /tmp/reference.pcap udp port 9`
  const said = await compare(
    [`shop/${pod}`, '--snaplen', '512', '-v'],
    { start: [...inPod, 'sh', '-c', command], read: [...inPod, 'cat', '/tmp/reference.pcap'] },
    [...inPod, 'bash', '-c', sendDatagrams],
    'udp port 9',
  )
  expect(said).toContain(' --immediate-mode ')
  await kubectl('-n', 'shop', 'exec', pod, '-c', 'proxy', '--', 'rm', '/tmp/reference.pcap')
})

realTest('a capture over SSH has what the host saw, byte for byte', async () => {
  const onNode = ['node-exec']
  const command = 'exec tcpdump -Z root -i lo -s 0 -B 16384 -w /tmp/reference.pcap udp port 9'
  await compare(
    ['--ssh-host', 'node', '--ssh-config', lab.sshConfig],
    { start: [...onNode, 'sh', '-c', command], read: [...onNode, 'cat', '/tmp/reference.pcap'] },
    [...onNode, 'bash', '-c', sendDatagrams],
    'udp port 9',
  )
  await runLab('node-exec', 'rm', '/tmp/reference.pcap')
})

realTest("a capture in a pod on its node's network excludes kcap's own stream", async () => {
  const file = path.join(folder, 'hostnet.pcapng')
  const kcap = startKcap(['shop/hostnet', '--duration', '4', '-o', file], { KUBECONFIG: lab.kubeconfig })
  const { code, stderr } = await kcap.ended
  expect(code, stderr).toBe(0)
  expect(await tshark(file, '-Y', 'tcp.port == 10250 or (tcp.port == 6443 and ip.addr == 10.231.0.2)')).toBe('')
  // The node's loopback carries it once more, from the kubelet to the container runtime: it would feed itself.
  const packets = (await tshark(file)).trim().split('\n').length
  expect(packets).toBeGreaterThan(20)
  expect(packets).toBeLessThan(20_000)
  await expectNoCaptures()
})
