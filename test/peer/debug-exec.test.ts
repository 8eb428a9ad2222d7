import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseIpv4Address } from '../../src/demo/traffic/ipv4.ts'
import { readPcap } from '../demo/read-packets.ts'
import { ask, askUntil, defaultProgram, openExec, supervisedArgv, UpgradeRefused } from './peer-client.ts'
import { type PeerCluster, startPeerCluster } from './start-peer-cluster.ts'

let cluster: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster({
    packetsPerSecond: 400,
    startDelayMs: 10,
    graceMs: 100,
    imageTools: { 'bare:1': 'no-shell' },
  })
  cluster.addPod({ namespace: 'default', name: 'wireshark', tools: 'dumpcap' })
})
afterAll(() => cluster.close())

const dumpcap = ['dumpcap', '-i', 'any', '-s', '0', '-B', '16', '-q', '-w', '-']

async function addContainer(pod: string, name: string, more: object = {}): Promise<void> {
  const [namespace, podName] = pod.split('/')
  const path = `/api/v1/namespaces/${namespace}/pods/${podName}`
  await ask(cluster, `${path}/ephemeralcontainers`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: JSON.stringify({ spec: { ephemeralContainers: [{ name, image: 'debug:1', ...more }] } }),
  })
  await askUntil(cluster, path, ({ status }) =>
    status.ephemeralContainerStatuses?.some(
      (status: { name: string; state: object }) => status.name === name && 'running' in status.state,
    ),
  )
}

async function addNodePod(name: string, nodeName: string): Promise<void> {
  const path = '/api/v1/namespaces/default/pods'
  const spec = {
    nodeName,
    hostNetwork: true,
    hostPID: true,
    containers: [{ name: 'kcap', image: 'debug:1', securityContext: { privileged: true } }],
  }
  await ask(cluster, path, { method: 'POST', body: JSON.stringify({ kind: 'Pod', metadata: { name }, spec }) })
  await askUntil(cluster, `${path}/${name}`, ({ status }) => status.phase === 'Running')
}

/** Addresses of the IPv4 packets of a capture on `any`. */
function addressesIn(capture: Buffer): Set<number> {
  const cookedHeader = 20
  const frames = readPcap(capture).packets.map(({ frame }) => frame)
  const ipv4 = frames.filter((frame) => frame.readUInt16BE(0) === 0x0800)
  return new Set(
    ipv4.flatMap((frame) => [frame.readUInt32BE(cookedHeader + 12), frame.readUInt32BE(cookedHeader + 16)]),
  )
}

async function captureIn(pod: string, container: string, network?: string) {
  const argv = supervisedArgv([[...defaultProgram, '-c', '60']], network === undefined ? {} : { network })
  const exec = await openExec(cluster, { pod, container, argv })
  await exec.until(() => exec.stderr().includes('kcap-report: ended'))
  exec.send('r\n')
  await exec.closed
  return exec
}

describe('an ephemeral container of the peer', () => {
  test('captures the packets of its pod, whatever the pod itself can run', async () => {
    await addContainer('prod/minimal-0', 'shark')
    const exec = await captureIn('prod/minimal-0', 'shark')
    expect(addressesIn(exec.stdout())).toContain(parseIpv4Address('10.244.1.70'))
  })

  test('accepts no exec before it runs, and is unknown before it is added', async () => {
    const opened = (container: string) =>
      openExec(cluster, { pod: 'prod/db-0', container, protocols: ['v4.channel.k8s.io'] })
    await expect(opened('later')).rejects.toMatchObject({ code: 400 })
    cluster.updatePod('prod/db-0', (pod) => {
      pod.spec.ephemeralContainers = [{ name: 'later', image: 'debug:1' }]
    })
    const refused = await opened('later').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(UpgradeRefused)
    expect(refused).toMatchObject({ code: 500, body: 'container not found ("later")' })
  })

  test('continues when the other containers of the pod restart', async () => {
    cluster.addPod({ namespace: 'default', name: 'restless' })
    await addContainer('default/restless', 'shark')
    const own = await openExec(cluster, { pod: 'default/restless', container: 'shark' })
    const other = await openExec(cluster, { pod: 'default/restless', container: 'app' })
    await own.until(() => own.stdout().length > 24)
    cluster.restartPod('default/restless')
    await other.closed
    const before = own.stdout().length
    await own.until(() => own.stdout().length > before)
    cluster.endContainer('default/restless', 'shark')
    await own.closed
    expect(cluster.openExecCount('default/restless')).toBe(0)
  })

  test.each([[{ runAsUser: 1000 }], [{ capabilities: { drop: ['ALL'] } }], [{ capabilities: { drop: ['NET_RAW'] } }]])(
    'may not capture with %j',
    async (securityContext) => {
      const name = `tame-${JSON.stringify(securityContext).length}`
      await addContainer('prod/slim-0', name, { securityContext })
      const exec = await captureIn('prod/slim-0', name)
      expect(exec.stderr()).toContain("You don't have permission to perform this capture on that device")
    },
  )

  test('has the tools of its image', async () => {
    await addContainer('prod/web-5f8c', 'bare', { image: 'bare:1' })
    const exec = await openExec(cluster, { pod: 'prod/web-5f8c', container: 'bare' })
    await exec.closed
    expect(exec.status().message).toContain('exec: "sh": executable file not found in $PATH')
  })

  test('captures in a locked pod with the capability', async () => {
    const securityContext = { capabilities: { drop: ['ALL'], add: ['NET_RAW'] } }
    await addContainer('prod/locked-0', 'shark', { securityContext })
    expect((await captureIn('prod/locked-0', 'shark')).status().status).toBe('Success')
  })
})

describe('a pod of the peer on a node', () => {
  beforeAll(() => addNodePod('node-pod', 'demo-node-1'))

  const uidOf = async (pod: string) => {
    const [namespace, name] = pod.split('/')
    return (await ask(cluster, `/api/v1/namespaces/${namespace}/pods/${name}`)).json.metadata.uid as string
  }

  test('captures the traffic of the node', async () => {
    const exec = await captureIn('default/node-pod', 'kcap')
    expect(addressesIn(exec.stdout())).toContain(parseIpv4Address('192.168.49.2'))
  })

  test('captures the traffic of a pod on the node, under either spelling of its UID', async () => {
    const uid = await uidOf('prod/web-5f8c')
    for (const network of [`pod:${uid} 10.244.1.9`, `pod:${uid.replaceAll('-', '_')},${uid} 10.244.1.9`]) {
      const exec = await captureIn('default/node-pod', 'kcap', network)
      const addresses = addressesIn(exec.stdout())
      expect(addresses).toContain(parseIpv4Address('10.244.1.9'))
      expect(addresses).not.toContain(parseIpv4Address('192.168.49.2'))
      expect(exec.stderr()).toMatch(/^kcap-report: using nsenter -t \d+ -n -- tcpdump -i any /)
    }
  })

  test('finds a static pod by the hash in its cgroup names', async () => {
    const annotations = { 'kubernetes.io/config.hash': 'd41d8cd98f00b204e9800998ecf8427e' }
    cluster.addPod({ namespace: 'kube-system', name: 'static', ip: '10.244.1.99', annotations })
    const exec = await captureIn('default/node-pod', 'kcap', 'pod:d41d8cd98f00b204e9800998ecf8427e 10.244.1.99')
    expect(addressesIn(exec.stdout())).toContain(parseIpv4Address('10.244.1.99'))
  })

  test("does not enter a network with other addresses than the pod's", async () => {
    const network = `pod:${await uidOf('prod/web-5f8c')} 10.244.1.10`
    const argv = supervisedArgv([defaultProgram], { network })
    const exec = await openExec(cluster, { pod: 'default/node-pod', argv })
    await exec.closed
    expect(exec.stderr()).toBe('kcap-report: other-pod\n')
  })

  test.each(['prod/db-0', 'prod/migrate-done'])('does not find %s: on another node, or ended', async (pod) => {
    const uid = await uidOf(pod)
    const exec = await openExec(cluster, {
      pod: 'default/node-pod',
      argv: supervisedArgv([defaultProgram], { network: `pod:${uid} 10.244.1.9` }),
    })
    await exec.closed
    expect(exec.stderr()).toBe('kcap-report: no-pod\n')
    expect(exec.status().details.causes[0].message).toBe('127')
  })
})

describe("the peer's capture programs", () => {
  test('run the first available one', async () => {
    const exec = await openExec(cluster, { pod: 'prod/web-5f8c', argv: supervisedArgv([dumpcap, defaultProgram]) })
    await exec.until(() => exec.stdout().length > 24)
    expect(exec.stderr()).toContain(`kcap-report: using ${defaultProgram.join(' ')}\n`)
    exec.socket.terminate()
  })

  test('report the first one as missing when none is available', async () => {
    const exec = await openExec(cluster, { pod: 'prod/slim-0', argv: supervisedArgv([dumpcap, defaultProgram]) })
    await exec.closed
    expect(exec.stderr()).toBe('kcap-report: missing dumpcap\n')
    expect(exec.status().details.causes[0].message).toBe('127')
  })

  test('include dumpcap, which takes the filter with -f and writes pcapng', async () => {
    const argv = supervisedArgv([defaultProgram, [...dumpcap, '-c', '4']], { filter: 'udp port 53' })
    const exec = await openExec(cluster, { pod: 'default/wireshark', argv })
    await exec.until(() => exec.stderr().includes('ended 0'))
    expect(exec.stderr()).toContain(`kcap-report: using ${dumpcap.join(' ')} -c 4 -f udp port 53\n`)
    expect(exec.stderr()).toContain(
      "Packets captured: 4\nPackets received/dropped on interface 'any': 4/0 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (100.0%)\n",
    )
    expect(exec.stdout().readUInt32LE(0)).toBe(0x0a0d0d0a)
    exec.socket.terminate()
  })

  test('include dumpcap, which reports a wrong filter', async () => {
    const argv = supervisedArgv([dumpcap], { filter: 'foo bar' })
    const exec = await openExec(cluster, { pod: 'default/wireshark', argv })
    await exec.until(() => exec.stderr().includes('ended 2'))
    expect(exec.stderr()).toContain(`dumpcap: Invalid capture filter "foo bar" for interface 'any'.`)
    exec.socket.terminate()
  })
})
