import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { findVerb } from '../../src/extcap/front.ts'
import { parseWords } from '../../src/extcap/parse-words.ts'
import { formatFailure } from '../../src/extcap/report.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { hasPrograms } from '../support/has-program.ts'
import { readListing } from '../support/read-listing.ts'
import { runKcap } from '../support/run-kcap.ts'
import { tokenizeAnswer } from './tokenize-sentence.ts'

let demo: DemoFixture
let kubeconfig: string
beforeAll(async () => {
  demo = await openDemoFixture()
  kubeconfig = await demo.kubeconfig()
})

async function ask(...argv: string[]) {
  const startedMs = Date.now()
  const { code, stdout, stderr } = await runKcap(argv, { KUBECONFIG: kubeconfig })
  return { code, stdout: stdout.toString(), stderr, tookMs: Date.now() - startedMs }
}

describe('--extcap-interfaces', () => {
  test('lists running pods, the cluster, SSH, shared captures and the demo', async () => {
    const { code, stdout, stderr } = await readListing({ KUBECONFIG: kubeconfig })
    expect([code, stderr]).toEqual([0, ''])
    const displays = tokenizeAnswer(stdout.toString())
      .filter(({ word }) => word === 'interface')
      .map(({ parameters }) => parameters.get('display'))
    expect(displays).toContain('kcap: prod/orders-6c9f')
    expect(displays).not.toContain('kcap: prod/importer-pending')
    expect(displays.slice(-4)).toEqual([
      'kcap: cluster kcap-demo',
      'kcap: SSH host',
      'kcap: shared capture',
      'kcap: demo',
    ])
  })

  test.each([
    ['hangs', { answer: 'never' }],
    ['refuses', { refuse: true }],
  ] as const)('does not make Wireshark wait for a cluster that %s', async (_what, misbehaviour) => {
    if ('answer' in misbehaviour) await demo.cluster.misbehave(misbehaviour)
    const file =
      'answer' in misbehaviour ? kubeconfig : await demo.kubeconfig(undefined, { server: 'https://127.0.0.1:1' })
    const startedMs = Date.now()
    const { code, stdout, stderr } = await runKcap(['--extcap-interfaces'], { KUBECONFIG: file })
    await demo.cluster.misbehave({})
    expect([code, stderr]).toEqual([0, ''])
    expect(Date.now() - startedMs).toBeLessThan(6_000)
    expect(stdout.toString()).toContain('{value=kcap-kcap-demo}{display=kcap: cluster kcap-demo}')
  })

  test('does not make Wireshark wait for a slow login, nor for the children of the login', async () => {
    const plugin = path.join(demo.folder, 'slow-login')
    await writeFile(plugin, '#!/bin/sh\nsleep 4\n', { mode: 0o755 })
    const file = path.join(demo.folder, 'slow-login.yaml')
    const exec = `exec: { apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: Never }`
    await writeFile(file, (await readFile(kubeconfig, 'utf8')).replace(/^( *)token: .*$/m, `$1${exec}`))
    const startedMs = Date.now()
    const { code, stdout } = await runKcap(['--extcap-interfaces'], { KUBECONFIG: file })
    expect(Date.now() - startedMs).toBeLessThan(6_000)
    expect(code).toBe(0)
    expect(stdout.toString()).toContain('{value=kcap-kcap-demo}')
  })

  test('without a kubeconfig lists the entries that need none', async () => {
    const { code, stdout, stderr } = await runKcap(['--extcap-interfaces'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.toString().match(/value=\w+/g)).toEqual(['value=kcapssh', 'value=kcapshared', 'value=kcapdemo'])
  })
})

test.each([
  ['--extcap-dlts', '--extcap-interface', 'kcapdemo'],
  ['--extcap-config', '--extcap-interface', 'kcap-gone.a.b'],
  ['--extcap-config', '--extcap-interface=kcapssh', '--extcap-unheard-of', 'x'],
])('%s %s %s is answered without a cluster, silently', async (...argv) => {
  const { code, stdout, stderr } = await runKcap(argv)
  expect([code, stderr]).toEqual([0, ''])
  expect(tokenizeAnswer(stdout.toString()).length).toBeGreaterThan(0)
})

test('--extcap-cleanup-postkill, which arrives without any other word, exits soon and successfully', async () => {
  const { code, stdout, stderr, tookMs } = await ask('--extcap-cleanup-postkill')
  expect([code, stdout, stderr]).toEqual([0, '', ''])
  expect(tookMs).toBeLessThan(4_000)
})

test.each([
  [['--extcap-interfaces', '--extcap-version=4.6'], 'interfaces'],
  [['--extcap-interfaces=', '--extcap-version', '4.6'], 'interfaces'],
  [['--extcap-config', '--extcap-interface', 'x'], 'config'],
  [['--extcap-interface', 'x', '--extcap-config-option-name', 'N', '--extcap-config-option-value', 'V'], 'config'],
  [['--extcap-capture-filter', 'tcp', '--extcap-interface', 'x'], 'filter'],
  [['--capture', '--extcap-interface', 'x', '--extcap-capture-filter', 'tcp', '--fifo', 'f'], 'capture'],
  [['--extcap-version'], 'version'],
  [['prod/orders'], undefined],
] as const)('%j parses as the question %s', (argv, verb) => {
  expect(findVerb(argv)).toBe(verb)
})

test("both forms of Wireshark's arguments parse", () => {
  expect([...parseWords(['--a', 'x', '--b=y=z', '--c'])]).toEqual([
    ['a', 'x'],
    ['b', 'y=z'],
    ['c', ''],
  ])
})

describe('the verdict on the capture filter field', () => {
  const judge = async (filter: string) => await ask('--extcap-capture-filter', filter, '--extcap-interface', 'kcapdemo')
  const hasTcpdump = hasPrograms('tcpdump') || hasPrograms('/usr/sbin/tcpdump')

  test('is valid for an empty filter', async () => {
    expect(await judge('')).toMatchObject({ code: 0, stdout: '' })
  })

  test.skipIf(!hasTcpdump)('is valid, or one line about the fault', async () => {
    expect(await judge('tcp port 443 and host 10.0.0.5')).toMatchObject({ code: 0, stdout: '' })
    expect(await judge('-w /tmp/kcap-test-injected')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^.+\n$/),
    })
    const { code, stdout, stderr } = await judge('tcp prot 443')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^.*syntax error.*\n$/)
  })

  test.skipIf(!hasTcpdump)('is open where only the remote side can judge', async () => {
    expect(await judge('host no-such-host.invalid')).toMatchObject({ code: 1, stdout: '' })
  })

  test('is open where it depends on an interface that only the dialog knows', async () => {
    for (const filter of ['vlan 5', 'not port 22 and not vlan', 'ether host 00:11:22:33:44:55', 'broadcast', 'mpls'])
      expect([filter, await judge(filter)]).toMatchObject([filter, { code: 1, stdout: '' }])
  })

  test.each(['tcp) or (udp', 'llc) or (tcp', 'host db.example) or (tcp', '(tcp'])(
    'rejects %s, which would escape the parentheses around it',
    async (filter) => {
      expect(await judge(filter)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^.*syntax error\n$/) })
    },
  )
})

test('the text of any failure fits into the dialog of Wireshark and is not empty', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2_000 })
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 6 }), (message, hints) => {
      const said = formatFailure(new KcapError('internal', message, { hints }))
      expect(Buffer.byteLength(said)).toBeLessThan(1_000)
      expect(said.trim()).not.toBe(message.trim() === '' ? undefined : '')
      expect(said.endsWith('\n')).toBe(true)
      expect(said).not.toMatch(/[^\P{Cc}\n]/u)
    }),
  )
})
