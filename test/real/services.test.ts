import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { parseBlocks } from '../support/packets.ts'
import { runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectError } from './error-row.ts'
import { hasLab, kubectl, lab, realTest } from './lab.ts'

const namespace = `kcap-services-${process.pid}`
const environment = { KUBECONFIG: lab.kubeconfig }
const nodeAddress = process.env.KCAP_LAB_NODE_IP ?? ''
const agentPort = 39_100

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  const ordersAddresses = await readColumn('pods', '-n', 'shop', '-l', 'app=orders', '-o', listField('status.podIP'))
  await apply(
    service('byhand', {}),
    endpoints('byhand', ordersAddresses, 8080),
    service('outside', {}),
    endpoints('outside', ['192.0.2.10', '192.0.2.11'], 5432),
    service('node-port', {}),
    endpoints('node-port', [nodeAddress], agentPort),
    service('node', {}),
    endpoints('node', [nodeAddress], agentPort + 1),
    service('alias', { type: 'ExternalName', externalName: 'db.example.com', ports: undefined }),
    service('hollow', { clusterIP: 'None' }),
    service('queue', { selector: { app: 'queue' } }),
    service('peers', { selector: { app: 'queue' }, clusterIP: 'None', publishNotReadyAddresses: true }),
    pod('queue-ready', {}),
    pod('queue-unready', { readinessProbe: { exec: { command: ['false'] } } }),
    pod('agent', { ports: [{ containerPort: agentPort, hostPort: agentPort }] }, { hostNetwork: true }),
  )
  await kubectl('wait', '-n', namespace, '--for=condition=Ready', '--timeout=60s', 'pod/queue-ready', 'pod/agent')
  await kubectl('wait', '-n', namespace, '--for=condition=ContainersReady=false', '--timeout=60s', 'pod/queue-unready')
  await untilRunning('queue-unready')
}, 180_000)
afterAll(async () => {
  if (hasLab) await kubectl('delete', 'namespace', namespace, '--wait=false')
})

const port = { ports: [{ port: 8080 }] }

function service(name: string, spec: object) {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ...port, ...spec } }
}

function endpoints(name: string, ips: readonly string[], number: number) {
  const subsets = [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: number }] }]
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace }, subsets }
}

function pod(name: string, container: object, more: object = {}) {
  const shared = { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, dnsPolicy: 'Default' }
  const containers = [
    { name: 'app', image: 'lab/tools:1', imagePullPolicy: 'Never', command: ['sleep', '3600'], ...container },
  ]
  const metadata = { name, namespace, labels: { app: name.replace(/-.*/, '') } }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...shared, ...more, containers } }
}

async function apply(...items: object[]): Promise<void> {
  const argv = ['--kubeconfig', lab.kubeconfig, 'apply', '-f', '-']
  const child = spawn(lab.kubectl, argv, { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
}

async function untilRunning(name: string): Promise<void> {
  const state = '-o=jsonpath={.status.containerStatuses[0].state.running.startedAt}'
  for (let i = 0; i < 100 && (await kubectl('get', 'pod', '-n', namespace, name, state)) === ''; i++) await sleep(250)
}

/** Returns the lines that `kubectl get` prints, sorted. */
async function readColumn(...argv: string[]): Promise<string[]> {
  return (await kubectl('get', ...argv))
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

/** An output of `kubectl get`: one field of each object, a line each. */
function listField(field: string): string {
  return `jsonpath={range .items[*]}{.${field}}{"\\n"}{end}`
}

/** Returns the pods whose addresses kubectl prints for a service, ready or not, as `NAMESPACE/NAME`. */
async function askKubectl(name: string, ns = namespace, resource: 'endpoints' | 'endpointslices' = 'endpoints') {
  const { items } = JSON.parse(await kubectl('get', 'pods', '-A', '-o', 'json')) as {
    items: { metadata: { namespace: string; name: string }; status: { podIP?: string } }[]
  }
  const which = resource === 'endpoints' ? [name] : ['-l', `kubernetes.io/service-name=${name}`]
  const text = await kubectl('get', resource, '-n', ns, ...which, '-o', 'json')
  const ips = [...text.matchAll(/"(\d+\.\d+\.\d+\.\d+)"/g)].map(([, ip]) => ip)
  return items
    .filter(({ status }) => ips.includes(status.podIP))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort()
}

/** Returns the pods that have an interface in a capture. */
async function readInterfaces(file: string): Promise<string[]> {
  const blocks = parseBlocks(await readFile(file))
  return blocks
    .flatMap(({ type, options }) => (type === 1 ? [options(8).get(2)?.[0]?.toString().replace(/ \S+$/, '') ?? ''] : []))
    .sort()
}

async function capture(name: string, ns = namespace): Promise<string[]> {
  const file = path.join(folder, `${ns}-${name}.pcapng`)
  const { code, stderr } = await runKcap([`svc/${name}`, '-n', ns, '--duration', '2', '-o', file], environment)
  expect(code, stderr).toBe(0)
  return await readInterfaces(file)
}

realTest.each<[string, string, string, 'endpoints' | 'endpointslices']>([
  ['headless', 'agents', 'extra', 'endpoints'],
  ['with EndpointSlices made by hand', 'byhand', 'shop', 'endpointslices'],
  ['with Endpoints made by hand, of pods in another namespace', 'byhand', namespace, 'endpoints'],
  ['with a pod that is not ready', 'queue', namespace, 'endpoints'],
  ['that is headless and publishes addresses that are not ready', 'peers', namespace, 'endpoints'],
])('a service %s is captured at the pods that kubectl lists as its endpoints', async (_, name, ns, resource) => {
  const wanted = await askKubectl(name, ns, resource)
  expect(wanted.length).toBeGreaterThan(0)
  expect(await capture(name, ns)).toEqual(wanted)
})

realTest('a service that points at a node is captured at the pod on its network that has the port', async () => {
  expect(await capture('node-port')).toEqual([`${namespace}/agent`])
})

const showEndpoints = (name: string) =>
  `kubectl get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`

realTest.each([
  [
    'outside',
    'it is a service without a selector, and its endpoints are not pods: 192.0.2.10:5432, 192.0.2.11:5432',
    () => [
      'if you can log in to it: kcap ssh://192.0.2.10',
      'if you can log in to it: kcap ssh://192.0.2.11',
      "or capture the pods that connect to it, with: --filter 'host 192.0.2.10'",
      showEndpoints('outside'),
    ],
  ],
  [
    'node',
    `it is a service without a selector, and its endpoints are not pods: ${nodeAddress}:${agentPort + 1}`,
    async () => [
      `${nodeAddress} is a node: kcap node/${(await readColumn('nodes', '-o', listField('metadata.name')))[0]}`,
      showEndpoints('node'),
    ],
  ],
  [
    'alias',
    'it is an ExternalName service, an alias of "db.example.com", and has no pods',
    () => ['if you can log in to it: kcap ssh://db.example.com', 'or capture the pods that connect to it'],
  ],
  [
    'hollow',
    'it is a headless service without a selector, and it has no endpoints',
    () => [`kubectl describe service -n ${namespace} hollow`],
  ],
] as const)('a service without pods is an error that describes it: %s', async (name, state, hints) => {
  await expectError(folder, {
    argv: [`svc/${name}`, '-n', namespace],
    environment,
    message: `cannot capture "svc/${name}": ${state}`,
    hints: await hints(),
    exitCode: 3,
  })
})

realTest('kcap follows the changing endpoints of a service without a selector', async () => {
  const [first = '', second = ''] = await readColumn(
    'pods',
    '-n',
    'shop',
    '-l',
    'app=orders',
    '-o',
    listField('status.podIP'),
  )
  await apply(service('leader', {}), endpoints('leader', [first], 8080))
  await sleep(1_000)
  const file = path.join(folder, 'leader.pcapng')
  const running = startKcap(['svc/leader', '-n', namespace, '--duration', '9', '-o', file], environment)
  await sleep(3_000)
  await apply(endpoints('leader', [second], 8080))
  const { code, stderr } = await running.ended
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/shop\/orders-\S+ joined the capture/)
  expect(await readInterfaces(file)).toEqual(await askKubectl('byhand'))
})
