import { execFile, execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { debugImage, findPod, hasLab, kubectl, lab, realTest } from './lab.ts'

/** A pod that claims the cgroups of another one. */
const impostor = 'kcap-impostor'
const ways = [
  ['ssh', ['--ssh-config', lab.sshConfig, '--ssh-host', 'node']],
  ['node-pod', ['--via', 'node-pod', ...debugImage]],
] as const

let folder: string
let victim: string
let addressOf: Record<string, string>

beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  victim = await findPod('orders-')
  const uid = await kubectl('get', 'pod', victim, '-n', 'shop', '-o', 'jsonpath={.metadata.uid}')
  await apply({ 'kubernetes.io/config.hash': uid })
  await kubectl('wait', '-n', 'shop', `pod/${impostor}`, '--for=condition=Ready', '--timeout=60s')
  const addresses = await Promise.all(
    [victim, impostor].map(async (pod) => [
      pod,
      await kubectl('get', 'pod', pod, '-n', 'shop', '-o', 'jsonpath={.status.podIP}'),
    ]),
  )
  addressOf = Object.fromEntries(addresses)
})
afterAll(async () => {
  if (hasLab) await kubectl('delete', 'pod', impostor, '-n', 'shop', '--force', '--ignore-not-found')
})

async function apply(annotations: Record<string, string>): Promise<void> {
  const script = 'while :; do curl -s -o /dev/null "http://$ORDERS_SERVICE_HOST/"; sleep 0.1; done'
  const container = { name: 'app', image: 'lab/tools:1', imagePullPolicy: 'Never', command: ['sh', '-c', script] }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: impostor, namespace: 'shop', annotations },
    spec: { containers: [container], terminationGracePeriodSeconds: 0 },
  }
  const applying = execFile(lab.kubectl, ['--kubeconfig', lab.kubeconfig, 'apply', '-f', '-'])
  applying.stdin?.end(JSON.stringify(pod))
  await new Promise((resolve, reject) => applying.once('exit', (code) => (code === 0 ? resolve(code) : reject(code))))
}

async function capture(words: readonly string[], file: string) {
  return await runKcap([`shop/${impostor}`, ...words, '--count', '20', '--duration', '20', '--no-names', '-o', file], {
    KUBECONFIG: lab.kubeconfig,
  })
}

function addressesIn(file: string): string[][] {
  const fields = ['-T', 'fields', '-e', 'ip.src', '-e', 'ip.dst', '-Y', 'ip']
  const text = execFileSync('tshark', ['-r', file, ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return text
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
}

realTest.each(ways)(
  'through %s, a pod that names the cgroups of another one is captured itself',
  async (_way, words) => {
    const file = path.join(folder, 'impostor.pcapng')
    const { code, stderr } = await capture([...words, '--force'], file)
    expect(code, stderr).toBe(0)
    const packets = addressesIn(file)
    expect(packets.length).toBeGreaterThan(5)
    expect(packets.filter((ends) => !ends.includes(addressOf[impostor] ?? ''))).toEqual([])
  },
)

realTest.each(ways)('through %s, an empty cgroup name belongs to no pod', async (_way, words) => {
  await kubectl('annotate', 'pod', impostor, '-n', 'shop', '--overwrite', 'kubernetes.io/config.hash=')
  const file = path.join(folder, 'empty.pcapng')
  const { code, stderr } = await capture([...words, '--force'], file)
  expect(code, stderr).toBe(0)
  expect(addressesIn(file).filter((ends) => !ends.includes(addressOf[impostor] ?? ''))).toEqual([])
})

realTest('only the kubelet can set a mirror annotation, which kcap believes', async () => {
  const annotating = kubectl(
    'annotate',
    'pod',
    impostor,
    '-n',
    'shop',
    'kubernetes.io/config.mirror=0123456789abcdef0123456789abcdef',
  )
  await expect(annotating).rejects.toThrow(/mirror/i)
})
