import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { PodSetName } from '../../src/base/target.ts'
import { followAddressNames } from '../../src/kube/address-names.ts'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { getMinorVersion, getNodeSystem, getPodSecurityLevel } from '../../src/kube/cluster-facts.ts'
import { makeJsonSplitter } from '../../src/kube/json-splitter.ts'
import { toApiError } from '../../src/kube/kube-error.ts'
import { listApiEndpoints, listNames, listPods, readPods } from '../../src/kube/kube-objects.ts'
import { loadKubeconfig } from '../../src/kube/kubeconfig.ts'
import { readKubectlFailure } from '../../src/kube/kubectl-failure.ts'
import { getService, listServiceEndpoints } from '../../src/kube/services.ts'
import { getWorkloadSelector } from '../../src/kube/workloads.ts'
import { followPodSet } from '../../src/target/follow-pod-set.ts'
import { resolveTargets } from '../../src/target/resolve-targets.ts'
import { afterThisFile } from '../support/cleanups.ts'
import { cut } from '../support/pcapng-blocks.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { fuzz, orRefusal, orRefused } from './fuzz.ts'
import { places } from './hostile-bytes.ts'
import { damagedJson, damagedText, hostileText } from './hostile-text.ts'
import { makeAccess } from './make-access.ts'

const metadata = {
  name: 'web-1',
  namespace: 'shop',
  uid: 'u-1',
  resourceVersion: '7',
  labels: { app: 'web' },
  annotations: {
    'kubernetes.io/config.hash': '0123456789abcdef0123456789abcdef',
    'kubernetes.io/config.mirror': '0123456789abcdef0123456789abcdef',
    'kubectl.kubernetes.io/default-container': 'proxy',
    'kcap/owner': 'ann@host 12 2026-11-25T10:00:00Z',
  },
}
const pod = {
  kind: 'Pod',
  metadata,
  spec: {
    nodeName: 'node-1',
    containers: [{ name: 'api' }, { name: 'proxy' }],
    ephemeralContainers: [{ name: 'kcap-1' }],
    hostNetwork: false,
    nodeSelector: { os: 'x' },
    os: { name: 'linux' },
  },
  status: {
    phase: 'Running',
    hostIP: '10.0.0.1',
    podIPs: [{ ip: '10.1.0.1' }],
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
    containerStatuses: [
      { name: 'api', containerID: 'c://1', state: { running: { startedAt: 'x' } } },
      { name: 'proxy', state: { waiting: { reason: 'CrashLoopBackOff' } } },
    ],
    ephemeralContainerStatuses: [{ name: 'kcap-1', state: { terminated: { reason: 'Completed', exitCode: 0 } } }],
  },
}
const answers = [
  {
    kind: 'Table',
    metadata: { resourceVersion: '7' },
    columnDefinitions: [{ name: 'Name' }, { name: 'Status' }],
    rows: [{ cells: ['web-1', 'Running'], object: { metadata } }],
  },
  { kind: 'PodList', metadata: { resourceVersion: '7', continue: '' }, items: [pod, pod] },
  pod,
  { kind: 'EndpointSliceList', metadata: {}, items: [{ endpoints: [{ targetRef: { kind: 'Pod', name: 'web-1' } }] }] },
  {
    kind: 'EndpointSliceList',
    metadata: {},
    items: [{ endpoints: [{ addresses: ['10.1.0.1', 'fe80::1'] }], ports: [{ port: 80, protocol: 'TCP' }] }],
  },
  {
    kind: 'Endpoints',
    subsets: [
      {
        addresses: [{ ip: '10.0.0.1', targetRef: { kind: 'Pod', name: 'web-1' } }],
        notReadyAddresses: null,
        ports: [{ port: 443 }],
      },
    ],
  },
  {
    kind: 'Deployment',
    metadata,
    spec: {
      selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
    },
  },
  { kind: 'Service', metadata, spec: { type: 'ExternalName', externalName: 'db.example.com' } },
  { kind: 'Service', metadata, spec: { clusterIP: 'None' } },
  { kind: 'Service', metadata, spec: { selector: { app: 'web' }, clusterIP: '10.2.0.1', clusterIPs: ['10.2.0.1'] } },
  {
    kind: 'Node',
    metadata,
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }], nodeInfo: { operatingSystem: 'linux' } },
  },
  {
    kind: 'Status',
    status: 'Failure',
    message: 'pods "x" is forbidden: User "u" cannot list resource',
    reason: 'Forbidden',
    code: 403,
  },
  { major: '1', minor: '34+' },
]
const events = [
  { type: 'ADDED', object: pod },
  { type: 'DELETED', object: pod },
  { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
  { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } },
]

let answer = { code: 200, body: '' }
/** Bodies for requests whose path contains the text; `answer` is for the others. */
let bodies: Readonly<Record<string, string>> = {}
let lines: readonly string[] = []
const server = createServer((request, response) => {
  const { url = '' } = request
  const [, body] = Object.entries(bodies).find(([part]) => url.includes(part)) ?? []
  if (url.includes('watch=true')) response.end(`${lines.join('\n')}\n`)
  else if (body !== undefined) response.end(body)
  else response.writeHead(answer.code).end(answer.body)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterThisFile.add(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})
const { port } = server.address() as AddressInfo
const access = makeAccess(port)
const clusters = { open: async () => access, close: () => {} }
const { signal } = new AbortController()
const sets: readonly PodSetName[] = [
  { kind: 'service', service: 'web' },
  { kind: 'workload', workloadKind: 'deploy', workload: 'web' },
  { kind: 'pods', pattern: 'web-*', allNamespaces: true },
]
const texts = (...values: unknown[]) => {
  for (const value of values) expect(['string', 'undefined']).toContain(typeof value)
}

const anyAnswer = fc.record({
  code: fc.constantFrom(200, 200, 200, 200, 200, 200, 403, 404, 410, 500),
  body: damagedJson(answers),
})
fuzz(
  'answers of the API: names and targets of sound values, or a KcapError',
  fc.tuple(anyAnswer, fc.nat(11)),
  async ([given, which]) => {
    answer = given
    const options = { namespace: 'shop', signal }
    const asks: readonly (() => Promise<unknown>)[] = [
      async () =>
        (await listPods(access, options)).map(({ name, namespace, status }) => texts(name, namespace, status)),
      async () => (await listNames(access, 'svc', options)).map(({ name }) => texts(name)),
      async () => {
        for await (const pods of readPods(access, options))
          for (const { metadata, spec } of pods) texts(metadata?.name, metadata?.uid, spec?.nodeName)
      },
      async () => {
        const service = await getService(access, 'shop', 'web', signal)
        texts(service?.selector, service?.externalName)
      },
      async () => {
        const { pods = [], addresses = [] } = (await listServiceEndpoints(access, 'shop', 'web', signal)) ?? {}
        for (const { namespace, name } of pods) texts(namespace, name)
        for (const [address, { node, ports }] of addresses) texts(address, node, ...ports)
      },
      async () => (await listApiEndpoints(access, signal)).map(({ host }) => texts(host)),
      async () => texts(await getWorkloadSelector(access, 'deploy', 'shop', 'web', signal)),
      async () =>
        await Promise.all([
          getMinorVersion(access, signal),
          getPodSecurityLevel(access, 'shop', signal),
          getNodeSystem(access, 'n', signal),
        ]),
      async () => await resolveTargets([{ kind: 'pod', pod: 'web-1' }], clusters, signal),
      async () => await resolveTargets(sets.slice(0, 1), clusters, signal),
      async () => await resolveTargets(sets.slice(1), clusters, signal),
      async () => await resolveTargets([{ kind: 'node', node: 'node-1' }], clusters, signal),
    ]
    const targets = await orRefused((asks[which] as () => Promise<unknown>)())
    if (which < 8 || targets === undefined) return
    for (const target of targets as Record<string, unknown>[]) {
      texts(target.pod, target.container, target.uid, target.node, target.containerId, target.nodeAddress)
      if (target.kind !== 'pod') continue
      expect(target.container).toEqual(expect.any(String))
      expect(String(target.cgroupUid)).toMatch(/^([0-9a-f-]{32,36}|undefined)$/)
      for (const address of target.addresses as unknown[]) expect(isIP(String(address))).toBeGreaterThan(0)
    }
  },
  3_000,
)

const ip = { addresses: ['10.1.0.1', 'fd00::1', '192.0.2.1'] }
const slices = [
  { endpoints: [ip, { ...ip, targetRef: { kind: 'Node', name: 'node-1' } }], ports: [{ port: 80, protocol: 'TCP' }] },
  { endpoints: [{ ...ip, targetRef: { kind: 'Pod', name: 'web-1', namespace: 'other' } }], ports: null },
]
const nodes = { items: [{ metadata: { name: 'node-1' }, status: { addresses: [{ address: '192.0.2.1' }] } }] }
const hostPod = {
  ...pod,
  spec: { ...pod.spec, hostNetwork: true, containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] },
}
fuzz(
  'a service, its endpoints, pods and nodes: targets of sound values, or a KcapError',
  fc.record({
    '/services/': damagedJson([
      { spec: {} },
      { spec: { selector: { app: 'web' } } },
      { spec: { type: 'ExternalName', externalName: 'web.shop.svc' } },
    ]),
    '/endpointslices': damagedJson([{ items: slices }]),
    '/nodes': damagedJson([nodes]),
    '/pods': damagedJson([{ items: [pod] }, { items: [hostPod] }, { items: [] }, pod]),
  }),
  async (given) => {
    bodies = given
    try {
      const targets = await orRefused(resolveTargets(sets.slice(0, 1), clusters, signal))
      for (const target of (targets ?? []) as unknown as Record<string, unknown>[])
        texts(target.namespace, target.pod, target.container, target.uid, target.node)
    } finally {
      bodies = {}
    }
  },
  3_000,
)

fuzz(
  'events of a watch: pods of sound values, and no end by anything but the signal or a KcapError',
  fc.tuple(damagedJson(answers.slice(1, 2)), fc.array(damagedJson(events), { maxLength: 5 }), fc.nat(1)),
  async ([body, given, which]) => {
    answer = { code: 200, body }
    lines = given
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), 25)
    const options = { isCaptured: () => false, signal: stop.signal, log: () => {} }
    try {
      if (which === 0)
        await followAddressNames(access, {
          namespaces: ['shop'],
          take: async (names) => {
            for (const { address, name } of names) texts(address, name)
          },
          ...options,
        })
      else
        for await (const { running } of followPodSet(
          { kind: 'pods', pattern: '*', allNamespaces: false },
          access,
          options,
        ))
          for (const target of running) texts(target.pod, target.container, target.uid)
    } catch (error) {
      if (!stop.signal.aborted) expect(error).toBeInstanceOf(KcapError)
      if (error instanceof TypeError || error instanceof RangeError) throw error
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  },
  3_000,
)

fuzz(
  'answers cut anywhere: the same objects, or a refusal',
  fc.tuple(
    fc.oneof(damagedJson(answers), damagedText(answers.map((value) => JSON.stringify(value)))),
    places,
    fc.constantFrom('object' as const, 'lists' as const, 'lines' as const),
  ),
  ([text, at, shape]) => {
    const read = (chunks: readonly Buffer[]) =>
      orRefusal(() => {
        const splitter = makeJsonSplitter(shape, (state) => new KcapError('api-failed', state))
        const objects = chunks.flatMap((chunk) => splitter.push(chunk))
        return [objects, splitter.head(), shape === 'lines' ? undefined : splitter.end()]
      })
    const bytes = Buffer.from(text)
    expect(read(cut(bytes, at))).toEqual(read([bytes]))
  },
)

const refusals = [
  'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
  'User "system:serviceaccount:a:b" cannot create resource',
]
const kubectlTexts = [
  'Error from server (Forbidden): pods "x" is forbidden: User "u" cannot create resource "pods/exec"\n',
  'error: unable to upgrade connection: container not found ("x")\nUnable to connect to the server: EOF\n',
  'error: Internal error occurred: error executing command in container: OCI runtime exec failed: exec: "sh": executable file not found\n',
]
fuzz(
  'refusals of the API and words of kubectl: a KcapError',
  fc.record({
    body: fc.oneof(
      damagedJson(refusals.map((message) => ({ kind: 'Status', message, code: 403 }))),
      damagedText(refusals),
      hostileText,
    ),
    said: damagedText(kubectlTexts),
    status: fc.constantFrom(400, 401, 403, 404, 500),
    verb: fc.constantFrom('get' as const, 'create' as const, 'patch' as const),
  }),
  ({ body, said, status, verb }) => {
    expect(toApiError(access, { verb, resource: 'pods', namespace: 'shop' }, status, body)).toBeInstanceOf(KcapError)
    const failure = readKubectlFailure(
      said,
      { namespace: 'shop', pod: 'web', container: 'api', argv: ['sh'] },
      access.server,
    )
    if (failure !== undefined) expect(failure).toBeInstanceOf(KcapError)
  },
)

const folder = await makeTempFolder()
const kubeconfigs = [
  `current-context: a\ncontexts:\n- name: a\n  context: { cluster: c, user: u, namespace: shop }\nclusters:\n- name: c\n  cluster: { server: "http://127.0.0.1:${port}", tls-server-name: x }\nusers:\n- name: u\n  user: { token: t }\n`,
  `{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1","certificate-authority-data":"eA=="}}],"users":[{"name":"u","user":{"username":"x","password":"y","as":"z","client-certificate-data":"eA==","client-key-data":"eA=="}}]}`,
  'current-context: a\ncontexts:\n- { name: a, context: &x { cluster: a, user: a } }\n- { name: b, context: { <<: *x } }\nclusters: [{ name: a, cluster: { server: "https://127.0.0.1" } }]\nusers: [{ name: a, user: { tokenFile: t, client-key: k } }]\n',
]
const asJson = {
  'current-context': 'a',
  contexts: [{ name: 'a', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
  clusters: [
    {
      name: 'c',
      cluster: {
        server: `http://127.0.0.1:${port}`,
        'insecure-skip-tls-verify': true,
        'proxy-url': `http://u:p@127.0.0.1:${port}`,
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }],
      },
    },
  ],
  users: [
    {
      name: 'u',
      user: {
        token: 't',
        as: 'z',
        'as-groups': ['g'],
        'as-user-extra': { k: ['v'] },
        'client-key-data': 'eA==',
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          interactiveMode: 'Never',
          command: '/nonexistent/plugin',
          args: ['a'],
          env: [{ name: 'A', value: 'b' }],
        },
      },
    },
  ],
}
const nested = fc
  .tuple(fc.constantFrom('[', '{a: ', '- '), fc.integer({ min: 1, max: 20_000 }))
  .map(([text, depth]) => text.repeat(depth))
fuzz(
  'kubeconfigs: a login, or a KcapError',
  fc.oneof(
    { weight: 10, arbitrary: damagedText(kubeconfigs) },
    { weight: 10, arbitrary: damagedJson([asJson]) },
    { weight: 1, arbitrary: nested },
  ),
  async (text) => {
    const file = path.join(folder, 'config')
    writeFileSync(file, text)
    orRefusal(() => loadKubeconfig({ paths: [file] }))
    const run = { signal, timeoutMs: 1_000, interactive: false, environment: {} }
    const opened = await orRefused(openCluster({ kubeconfigPaths: [file], ...run }))
    if (opened === undefined) return
    texts(opened.context, opened.namespace)
    if (opened.server.port === String(port)) await orRefused(listNames(opened, 'pod', { signal }))
    opened.close()
  },
  3_000,
)
