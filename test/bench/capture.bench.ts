import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lab } from '../real/lab.ts'
import { programPath } from '../support/run-kcap.ts'
import { openDelayingRelay } from './delaying-relay.ts'
import { prepareFastPod } from './fast-pod.ts'
import { compare, type Figure, type Measured, measure } from './measure.ts'
import { measureLatencies, percentile } from './measure-latency.ts'
import { writeResults } from './write-results.ts'

/** Compares kcap with what a user would type instead, on the lab, alternating in one run. */
const rounds = 5
let folder: string
let pod = ''
let removeTcpdump: () => Promise<void>
const table: string[] = []

beforeAll(async () => {
  ;({ folder, pod, remove: removeTcpdump } = await prepareFastPod())
})
afterAll(async () => {
  await removeTcpdump()
  // On Node 20 and on the Node of the packages: each has a table.
  writeResults(`Capturing, Node ${process.versions.node.split('.')[0]}`, ['what', 'kcap', 'the other', 'ratio'], table)
})

const environment = { KUBECONFIG: lab.kubeconfig }
const kcap = (...argv: string[]) => [process.execPath, programPath, ...argv]
const toFile = (argv: readonly string[]) => ['sh', '-c', `exec "$@" > ${path.join(folder, 'out')}`, 'sh', ...argv]

async function row(
  name: string,
  count: number,
  ours: () => Promise<Measured>,
  theirs: () => Promise<Measured>,
  figures: readonly Figure[],
) {
  const result = await compare(count, ours, theirs)
  for (const figure of figures) {
    const line = `| ${name}: ${figure} | ${result.of(0, figure).toFixed(1)} | ${result.of(1, figure).toFixed(1)} | ${result.ratio(figure).toFixed(2)} |`
    table.push(line)
    console.log(line)
  }
  return result
}

test('1 GB by kube exec, compared with kubectl exec', async () => {
  const ours = () =>
    measure(kcap(`shop/${pod}`, '-c', 'api', '-q', '--force', '-o', path.join(folder, 'out.pcapng')), { environment })
  const oursAsPcap = () =>
    measure(kcap(`shop/${pod}`, '-c', 'api', '-q', '--force', '-o', path.join(folder, 'out.pcap')), { environment })
  const theirs = () =>
    measure(
      toFile([lab.kubectl, '-n', 'shop', 'exec', pod, '-c', 'api', '--', 'tcpdump', '-i', 'any', '-U', '-w', '-']),
      { environment },
    )
  const result = await row('exec, pcapng', rounds, ours, theirs, ['wallMs', 'cpuMs', 'peakMib'])
  await row('exec, pcap', rounds, oursAsPcap, theirs, ['wallMs', 'cpuMs'])
  expect(result.ratio('wallMs')).toBeGreaterThan(0)
})

test('1 GB by SSH, compared with ssh', async () => {
  // By its address: 127.0.0.1 goes through a forwarder, which would be measured with both.
  const ours = () =>
    measure(
      kcap(
        '--ssh-config',
        lab.sshConfig,
        '--ssh-host',
        'node-ip',
        '-q',
        '--force',
        '-o',
        path.join(folder, 'out.pcapng'),
      ),
    )
  const theirs = () => measure(toFile(['ssh', '-F', lab.sshConfig, 'node-ip', 'tcpdump -i any -U -w -']))
  await row('SSH, pcapng', rounds, ours, theirs, ['wallMs', 'cpuMs', 'peakMib'])
})

test('1 GB by SSH over a line of 50 ms, compared with ssh', async () => {
  const relay = await openDelayingRelay('10.231.0.2', 2222, 25)
  const { port } = relay.address() as AddressInfo
  const config = path.join(folder, 'ssh_config')
  const lines = ['HostName 127.0.0.1', `Port ${port}`, 'User root', `IdentityFile ${lab.sshFolder}/id_root`]
  const trust = ['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'LogLevel ERROR']
  writeFileSync(config, ['Host line', ...lines, ...trust].join('\n'))
  const out = path.join(folder, 'out.pcapng')
  const ours = () => measure(kcap('--ssh-config', config, '--ssh-host', 'line', '-q', '--force', '-o', out))
  const theirs = () => measure(toFile(['ssh', '-F', config, 'line', 'tcpdump -i any -U -w -']))
  await row('SSH over 50 ms', 2, ours, theirs, ['wallMs'])
  relay.close()
})

test('time to the first packet, compared with kubectl exec', async () => {
  // In the other container the real tcpdump is there; the pod's own traffic goes on all the time.
  const ours = () =>
    measure(kcap(`shop/${pod}`, '-c', 'proxy', '-q', '--count', '1', '-o', '-', '--format', 'pcap'), { environment })
  // Nothing else would end it: that is what kcap's supervisor is for.
  const words = ['timeout', '3', 'tcpdump', '-i', 'any', '-U', '-c', '1', '-w', '-']
  const theirs = () => measure([lab.kubectl, '-n', 'shop', 'exec', pod, '-c', 'proxy', '--', ...words], { environment })
  await row('first packet', 11, ours, theirs, ['firstPacketMs', 'headerMs'])
})

/** Both sides by turns; tcpdump itself holds packets back for up to a second, unless it delivers at once. */
async function measureLatency(name: string, durationMs: number, ourWords: string[] = [], theirWords: string[] = []) {
  // Another container, so that the real tcpdump is run; the load generator asks the pods five times a second.
  const words = ['timeout', '60', 'tcpdump', '-i', 'any', '-U', ...theirWords, '-w', '-']
  const sides = {
    kcap: kcap(`shop/${pod}`, '-c', 'proxy', '-q', '-o', '-', '--format', 'pcap', ...ourWords),
    theirs: [lab.kubectl, '-n', 'shop', 'exec', pod, '-c', 'proxy', '--', ...words],
  }
  const found = { kcap: [] as number[], theirs: [] as number[] }
  for (let i = 0; i < 3; i++)
    for (const side of ['kcap', 'theirs'] as const)
      found[side].push(...(await measureLatencies(sides[side], durationMs, environment)))
  for (const [label, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [ours = Number.NaN, theirs = Number.NaN] = [found.kcap, found.theirs].map((all) =>
      percentile(
        all.sort((a, b) => a - b),
        share,
      ),
    )
    const line = `| ${name} ${label}, ms | ${ours.toFixed(1)} | ${theirs.toFixed(1)} | ${(ours / theirs).toFixed(2)} |`
    table.push(line)
    console.log(line)
  }
}

test('latency of a packet, compared with kubectl exec', async () => {
  await measureLatency('latency', 15_000)
})

test('latency of a packet with a small snap length, compared with kubectl exec', async () => {
  const words = ['-s', '128', '--immediate-mode']
  await measureLatency('latency, --snaplen 128', 15_000, ['--snaplen', '128'], words)
})

test('cold listing, compared with kubectl get pods', async () => {
  const ours = () => measure(kcap('--extcap-interfaces'), { environment })
  const theirs = () => measure([lab.kubectl, 'get', 'pods', '-A', '-o', 'name'], { environment })
  await row('list', 15, ours, theirs, ['wallMs', 'cpuMs'])
  const oursInShell = () => measure(kcap('list', 'pods', '-n', 'shop'), { environment })
  const theirsInShell = () => measure([lab.kubectl, 'get', 'pods', '-n', 'shop'], { environment })
  await row('kcap list', 15, oursInShell, theirsInShell, ['wallMs', 'cpuMs'])
  await row(
    'start: kcap --version, node -e 0',
    15,
    () => measure(kcap('--version')),
    () => measure([process.execPath, '-e', '0']),
    ['wallMs'],
  )
})
