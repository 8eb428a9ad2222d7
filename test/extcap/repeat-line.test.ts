import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { capture } from '../../src/extcap/capture.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { runHere } from '../support/run-cli-here.ts'
import { bareEnvironment, programPath } from '../support/run-kcap.ts'

let demo: DemoFixture
let kubeconfig: string
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500 })
  kubeconfig = await demo.kubeconfig()
})

/** Returns what a capture says about itself: its interfaces, link type and filter, its packets, and the line that repeats it. */
function readCapture(bytes: Buffer) {
  const blocks = parseBlocks(bytes)
  const comment = blocks[0]?.options(16).get(1)?.[0]?.toString() ?? ''
  const described = blocks.filter(({ type }) => type === 1)
  return {
    line: /^to repeat: (.*)$/m.exec(comment)?.[1] ?? '',
    // Pods start in any order.
    interfaces: described.map((block) => block.options(8).get(2)?.[0]?.toString()).sort(),
    filters: described.map((block) => withoutParentheses(block.options(8).get(11)?.[0]?.toString('utf8', 1) ?? '')),
    snapLengths: described.map(({ body }) => body.readUInt32LE(4)),
    packets: blocks.filter(({ type }) => type === 6).length,
  }
}

/** Two filters in one pair of parentheses are the two. */
const withoutParentheses = (filter: string) => filter.replace(/^\((\(.*\) and \(.*\))\)$/, '$1')

const pod = 'kcap-kcap-demo.prod.orders-6c9f'
const cluster = 'kcap-kcap-demo'
const dialogs: Record<string, readonly string[]> = {
  'a pod and the defaults of the dialog': [
    pod,
    '--via',
    'auto',
    '--snaplen',
    '0',
    '--protocol',
    'all',
    '--compress',
    'auto',
  ],
  'a pod, ports and a filter': [pod, '--port', '80,443', '--filter', 'host 10.244.0.7 or (tcp[13] & 2 != 0)'],
  "a pod, Wireshark's own filter": [pod, '--extcap-capture-filter', 'not port 9'],
  'a pod, both filters': [pod, '--filter', 'tcp or udp', '--extcap-capture-filter', 'not port 9'],
  'a pod, another interface and snap length': [pod, '--iface', 'eth0', '--snaplen', '96'],
  'a workload': ['kcap-kcap-demo.prod.deploy_orders'],
  'a pod of a workload': ['kcap-kcap-demo.prod.deploy_orders', '--target', 'pod/orders-6c9f'],
  'a workload of a cluster': [cluster, '--namespace', 'prod', '--target', 'deploy/orders'],
  'a service of a cluster': [cluster, '--namespace', 'prod', '--target', 'svc/orders', '--container', 'api'],
}

test.each(Object.entries(dialogs))(
  'the repeat line of %s captures the same in a shell',
  async (_name, [value = '', ...dialog]) => {
    const fifo = path.join(demo.folder, 'from-wireshark.pcapng')
    const argv = ['--capture', '--extcap-interface', value, '--fifo', fifo, '--count', '20', ...dialog]
    const made = await runHere(() => capture(argv), { KUBECONFIG: kubeconfig })
    expect([made.code, made.stderr]).toEqual([0, ''])
    const first = readCapture(await readFile(fifo))
    await rm(fifo)
    expect(first.packets).toBe(20)
    expect(first.line).toMatch(/^kcap (?!.*(?:extcap|--fifo|auto|\ball\b))/)

    const output = path.join(demo.folder, 'repeated.pcapng')
    const script = `kcap() { ${process.execPath} ${programPath} "$@"; }\n${first.line} -o ${output}`
    await promisify(execFile)('bash', ['-c', script], {
      env: { ...process.env, ...bareEnvironment, KUBECONFIG: kubeconfig },
    })
    const second = readCapture(await readFile(output))
    await rm(output)
    expect(second).toEqual({ ...first, line: `${first.line} -o ${output}` })
  },
)

test('the repeat line of the demo runs the demo', async () => {
  const fifo = path.join(demo.folder, 'demo.pcapng')
  const argv = ['--capture', '--extcap-interface', 'kcapdemo', '--fifo', fifo, '--count', '5', '--snaplen', '64']
  expect((await runHere(() => capture(argv), {})).code).toBe(0)
  expect(readCapture(await readFile(fifo)).line).toBe('kcap demo --snaplen 64 --count 5')
})
