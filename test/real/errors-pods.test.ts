import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { makeTempFolder } from '../support/temp-folder.ts'
import { errorNamespace, makeErrorPods, removeErrorPods } from './error-pods.ts'
import { type ErrorRow, expectError } from './error-row.ts'
import { findPod, hasLab, kubectl, lab, realTest, tshark } from './lab.ts'
import { waysOfAdmin } from './other-routes.ts'

let folder: string
let orders: string
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  orders = await findPod('orders')
  await makeErrorPods()
})
afterAll(async () => {
  if (hasLab) await removeErrorPods()
})

const environment = { KUBECONFIG: lab.kubeconfig }
const broken = (name: string, ...argv: string[]) => [`${errorNamespace}/${name}`, ...argv]
const describePod = (name: string) => `kubectl describe pod -n ${errorNamespace} ${name}`
const seeByHand = (container: string) =>
  `see what it prints: kubectl --context lab exec -n ${errorNamespace} fakes -c ${container} -- tcpdump --version`
const startAgain = 'the packets up to here are kept; start the same command again'
const ethernet = ['name an interface that has Ethernet headers:', '--iface eth0']
const grammar = ['the grammar: man 7 pcap-filter', "--filter 'tcp port 443 and host 10.0.0.5'"]

const rows: Record<string, () => Omit<ErrorRow, 'environment'>> = {
  'a pod that crashes again and again': () => ({
    argv: broken('crashing'),
    message: `cannot capture "${errorNamespace}/crashing": no container of it runs (CrashLoopBackOff)`,
    hints: [`kubectl logs -n ${errorNamespace} crashing -c app --previous`, describePod('crashing')],
    exitCode: 3,
  }),
  'a pod that waits for a node': () => ({
    argv: broken('pending'),
    message: `cannot capture "${errorNamespace}/pending": it is Pending (Unschedulable)`,
    hints: [describePod('pending')],
    exitCode: 3,
  }),
  'a pod that is done': () => ({
    argv: broken('succeeded'),
    message: `cannot capture "${errorNamespace}/succeeded": it is Succeeded`,
    hints: [describePod('succeeded')],
    exitCode: 3,
  }),
  'a service without pods': () => ({
    argv: ['svc/nobody', '-n', errorNamespace],
    message: 'cannot capture "svc/nobody": no pod matches its selector "app=nobody"',
    hints: [
      `kubectl get pods -n ${errorNamespace} --show-labels`,
      `kubectl describe service -n ${errorNamespace} nobody`,
    ],
    exitCode: 3,
  }),
  'a namespace that is not there': () => ({
    argv: ['stagin/orders'],
    message: 'cannot capture "stagin/orders": the cluster of the context "lab" has no namespace "stagin"',
    hints: ['similar namespaces: staging', 'kcap list namespaces'],
    exitCode: 3,
  }),
  'a service in a namespace that is not there': () => ({
    argv: ['svc/orders', '-n', 'stagin'],
    message: 'cannot capture "svc/orders": the cluster of the context "lab" has no namespace "stagin"',
    hints: ['similar namespaces: staging', 'kcap list namespaces'],
    exitCode: 3,
  }),
  'a pod that is not there': () => ({
    argv: ['shop/no-tcpdum'],
    message: 'cannot capture "shop/no-tcpdum": the namespace has no such pod',
    hints: ['similar pods: no-tcpdump', 'kcap list pods -n shop'],
    exitCode: 3,
  }),
  'a container that is not there': () => ({
    argv: [`shop/${orders}`, '-c', 'apo'],
    message: `cannot capture "shop/${orders}": it has no container "apo"`,
    hints: [`kcap shop/${orders} --container api`, `kcap shop/${orders} --container proxy`],
    exitCode: 3,
  }),
  'a service that is not there': () => ({
    argv: ['svc/order', '-n', 'shop'],
    message: 'cannot capture "svc/order": the namespace "shop" has no such service',
    hints: ['similar services: orders', 'kcap list services -n shop'],
    exitCode: 3,
  }),
  'a container without a shell': () => ({
    argv: ['shop/distroless'],
    message: 'cannot capture in "shop/distroless": its container has no "sh"',
    hints: [/--container NAME$/, ...waysOfAdmin('shop/distroless')],
    exitCode: 6,
  }),
  'a container without tcpdump': () => ({
    argv: ['shop/no-tcpdump'],
    message: 'cannot capture in "shop/no-tcpdump": there is no "tcpdump"',
    hints: [/--container NAME$/, ...waysOfAdmin('shop/no-tcpdump')],
    exitCode: 6,
  }),
  'a container that may not capture': () => ({
    argv: ['shop/unprivileged'],
    message: /^cannot capture in "shop\/unprivileged": its user may not capture: any: You don't have permission/,
    hints: [/--container NAME$/, ...waysOfAdmin('shop/unprivileged')],
    exitCode: 5,
  }),
  'an interface that is not there': () => ({
    argv: [`shop/${orders}`, '-i', 'eth9'],
    message: `cannot capture in "shop/${orders}": there is no interface "eth9"`,
    hints: [/^interfaces there: .*\beth0, .*\blo\b/, '--iface any captures on all of them'],
    exitCode: 2,
  }),
  'a filter that is none': () => ({
    argv: [`shop/${orders}`, '--filter', 'prot 80'],
    message: 'cannot use the capture filter "prot 80": can\'t parse filter expression: syntax error',
    hints: grammar,
    exitCode: 2,
  }),
  'a filter that the interface any does not take': () => ({
    argv: [`shop/${orders}`, '--filter', 'not port 22 and not vlan'],
    message: 'cannot use the capture filter "not port 22 and not vlan": no VLAN support for Linux cooked v2',
    hints: ethernet,
    exitCode: 2,
  }),
  'a filter with a name that the interface any does not take': () => ({
    argv: [`shop/${orders}`, '--filter', 'ether host nobody'],
    message: /^cannot use the capture filter "ether host nobody": only ethernet\/.* supports link-level host name$/,
    hints: ethernet,
    exitCode: 2,
  }),
  'a filter that only the remote dumpcap can judge': () => ({
    argv: ['shop/tshark-only', '--filter', 'host nobody.invalid'],
    message: /^cannot use the capture filter: unknown host 'nobody\.invalid'/,
    hints: grammar,
    exitCode: 2,
  }),
  'a filter that escapes its parentheses': () => ({
    argv: [`shop/${orders}`, '--filter', 'host nobody.invalid) or (tcp'],
    message:
      'cannot use the capture filter "host nobody.invalid) or (tcp": can\'t parse filter expression: syntax error',
    hints: grammar,
    exitCode: 2,
  }),
  'a filter that only the remote side can judge': () => ({
    argv: [`shop/${orders}`, '--filter', 'host nobody.invalid'],
    message: /^cannot use the capture filter: unknown host 'nobody\.invalid'/,
    hints: grammar,
    exitCode: 2,
  }),
  'a tcpdump that sends a text': () => ({
    argv: broken('fakes', '-c', 'text'),
    message: `cannot read packets of "${errorNamespace}/fakes": it sent the text "Welcome to prod"`,
    hints: [/a shell profile, a wrapper around tcpdump, a banner/, seeByHand('text')],
    exitCode: 1,
  }),
  'a tcpdump that sends something else than a capture': () => ({
    argv: broken('fakes', '-c', 'binary'),
    message: `cannot read packets of "${errorNamespace}/fakes": it sent bytes that are no capture (00ff00ff00ff00ff)`,
    hints: [/a shell profile, a wrapper around tcpdump, a banner/, seeByHand('binary')],
    exitCode: 1,
  }),
  'a tcpdump that says nothing and ends': () => ({
    argv: broken('fakes', '-c', 'silent'),
    message: `cannot capture in "${errorNamespace}/fakes": the capture program ended with exit code 3 and said nothing`,
    hints: ['run it again with --verbose to see the command'],
    exitCode: 1,
  }),
}

realTest.concurrent.each(Object.entries(rows))('%s', async (_what, row) => {
  await expectError(folder, { ...row(), environment })
})

realTest.concurrent.each([
  [
    'ends in the middle of a packet',
    'truncated',
    'cannot continue capturing "NAME": the stream ended in the middle of a packet',
    startAgain,
  ],
  [
    'claims a packet of 300 MB',
    'huge',
    'cannot read packets of "NAME": the record at byte 44 claims 300000000 bytes',
    /^the packets before it are kept/,
  ],
] as const)('a stream that %s leaves the packets before it', async (_what, container, message, hint) => {
  const { folder: left } = await expectError(folder, {
    argv: broken('fakes', '-c', container),
    environment,
    message: message.replace('NAME', `${errorNamespace}/fakes`),
    hints: [hint],
    exitCode: 1,
    files: ['out.pcapng'],
  })
  expect((await tshark(path.join(left, 'out.pcapng'), '-T', 'fields', '-e', 'frame.len')).trim()).toBe('4')
})

realTest('pods with a tcpdump of their own run only what they ran before', async () => {
  for (const container of ['text', 'binary', 'huge']) {
    const processes = await kubectl('exec', '-n', errorNamespace, 'fakes', '-c', container, '--', 'ps', '-eo', 'args=')
    expect(processes.trim().split('\n')).toEqual(['sleep 3600', 'ps -eo args='])
  }
})
