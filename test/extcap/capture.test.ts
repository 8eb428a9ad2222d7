import { execFileSync, spawn } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { capture } from '../../src/extcap/capture.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { readListing } from '../support/read-listing.ts'
import { runHere } from '../support/run-cli-here.ts'
import { programPath, runKcap, startKcap } from '../support/run-kcap.ts'

const packetBlock = 6
let demo: DemoFixture
let kubeconfig: string
let fifo: string
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500 })
  kubeconfig = await demo.kubeconfig()
})
beforeEach(() => {
  fifo = path.join(demo.folder, 'fifo')
  execFileSync('mkfifo', [fifo])
})
afterEach(async () => {
  await rm(fifo)
  expect(await waitFor(() => demo.cluster.openExecCount() === 0)).toBe(true)
})

const value = 'kcap-kcap-demo.prod.orders-6c9f'
const words = ['--capture', '--extcap-interface', value]

function start(...more: string[]) {
  return startKcap([...words, '--fifo', fifo, ...more], { KUBECONFIG: kubeconfig })
}

/** Captures without a process of its own, which is not what each test is about. */
async function captureHere(argv: readonly string[], file = kubeconfig) {
  return await runHere(() => capture(argv), { KUBECONFIG: file })
}

async function waitFor(condition: () => boolean, limitMs = 5_000): Promise<boolean> {
  for (const startedMs = Date.now(); Date.now() - startedMs < limitMs; await sleep(20)) if (condition()) return true
  return condition()
}

/** Reads all bytes of the FIFO as Wireshark's dumpcap does, with a pause of `pauseMs` after each piece. */
async function readFifo(options: { pieceBytes?: number; pauseMs?: number } = {}): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of createReadStream(fifo, { highWaterMark: options.pieceBytes ?? 65_536 })) {
    pieces.push(piece as Buffer)
    if (options.pauseMs !== undefined) await sleep(options.pauseMs)
  }
  return Buffer.concat(pieces)
}

const countPackets = (bytes: Buffer) => parseBlocks(bytes).filter(({ type }) => type === packetBlock).length

test('an extcap capture writes packets into the FIFO and prints nothing', async () => {
  const reading = readFifo()
  const { code, stdout, stderr } = await start('--count', '50').ended
  expect([code, stdout.toString(), stderr]).toEqual([0, '', ''])
  expect(countPackets(await reading)).toBe(50)
})

test('a slow reader of an extcap capture gets every packet', async () => {
  const reading = readFifo({ pieceBytes: 512, pauseMs: 5 })
  const { code, stderr } = await start('--count', '300').ended
  expect([code, stderr]).toEqual([0, ''])
  expect(countPackets(await reading)).toBe(300)
})

test('an extcap capture waits for a FIFO that opens late', async () => {
  const run = start('--count', '5')
  await sleep(1_000)
  expect(countPackets(await readFifo())).toBe(5)
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' })
})

test.each([['busy'], ['silent']])(
  'a reader that closes ends the extcap capture of %s traffic, silently',
  async (traffic) => {
    const reader = await open(fifo, 'r+')
    const run = start(...(traffic === 'silent' ? ['--port', '9'] : []))
    await reader.read(Buffer.alloc(65_536), 0, 65_536)
    await reader.close()
    const closedMs = Date.now()
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' })
    expect(Date.now() - closedMs).toBeLessThan(4_000)
  },
)

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends an extcap capture promptly, silently, and with whole blocks',
  async (signal) => {
    const reading = readFifo()
    const run = start()
    expect(await waitFor(() => demo.cluster.openExecCount() > 0)).toBe(true)
    await sleep(500)
    const stoppedMs = Date.now()
    run.child.kill(signal)
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' })
    expect(Date.now() - stoppedMs).toBeLessThan(2_000)
    expect(countPackets(await reading)).toBeGreaterThan(10)
  },
)

test('SIGTERM ends an extcap capture that nobody reads yet', async () => {
  const run = start()
  // Nothing shows from outside that it has begun.
  await sleep(3_000)
  run.child.kill('SIGTERM')
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' })
})

test('a killed parent ends the extcap capture, though the FIFO still has a reader', async () => {
  const reader = await open(fifo, 'r+')
  const parent = spawn(
    'sh',
    ['-c', '"$0" "$@" & echo $!; wait', process.execPath, programPath, ...words, '--fifo', fifo, '--port', '9'],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, KUBECONFIG: kubeconfig } },
  )
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text) => resolve(Number(String(text)))),
  )
  expect(await waitFor(() => demo.cluster.openExecCount() > 0)).toBe(true)
  parent.kill('SIGKILL')
  const isGone = () => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  }
  expect(await waitFor(isGone, 4_000)).toBe(true)
  await reader.close()
})

/** Each fails before the first byte. */
const failures: [string, string[], number, string][] = [
  [
    'an interface that is not ours',
    ['--extcap-interface', 'eth0'],
    2,
    'cannot capture from the interface "eth0": it is none of kcap\'s',
  ],
  [
    'a context that is gone',
    ['--extcap-interface', 'kcap-gone.a.b'],
    3,
    'the kubeconfig has none of that name any more',
  ],
  ['a pod that is gone', ['--extcap-interface', 'kcap-kcap-demo.prod.orders-gone'], 3, 'the namespace has no such pod'],
  ['a cluster without a pod', ['--extcap-interface', 'kcap-kcap-demo'], 2, 'no pod is named'],
  ['a shared capture without a link', ['--extcap-interface', 'kcapshared'], 2, 'no link is given'],
  ['an SSH host without a host', ['--extcap-interface', 'kcapssh'], 2, 'no host is named'],
  ['a pod without tcpdump', ['--extcap-interface', 'kcap-kcap-demo.prod.slim-0'], 6, 'there is no "tcpdump"'],
  ['a pod without a shell', ['--extcap-interface', 'kcap-kcap-demo.prod.minimal-0'], 6, 'its container has no "sh"'],
  ['an unknown interface', [...words.slice(1), '--iface', 'eth9'], 2, 'there is no interface "eth9"'],
  ['a wrong port', [...words.slice(1), '--port', '80-'], 2, 'cannot filter by port "80-"'],
  ['half a filter', [...words.slice(1), '--extcap-capture-filter', 'tcp) or (udp'], 2, 'filter "tcp) or (udp": can'],
  [
    'two halves of a filter',
    [...words.slice(1), '--filter', '(tcp', '--extcap-capture-filter', 'udp)'],
    2,
    'cannot use the capture filter "(tcp"',
  ],
  [
    'two filters that move where the other looks',
    [...words.slice(1), '--filter', 'vlan 5', '--extcap-capture-filter', 'vlan 6'],
    2,
    'cannot combine the capture filters "vlan 5" and "vlan 6"',
  ],
  [
    'a filter that needs an Ethernet header, on any',
    [...words.slice(1), '--extcap-capture-filter', 'not vlan'],
    2,
    'name an interface that has Ethernet headers: "Interface" on the Capture tab: eth0',
  ],
  ['an unknown option', [...words.slice(1), '--frob'], 2, 'cannot use "--frob": there is no such option'],
]

async function expectFailure(run: Promise<{ code: number | null; stdout: unknown; stderr: string }>, exitCode: number) {
  // A reader blocked in open(2), as Wireshark's up to 4.0.
  const startedMs = Date.now()
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'ignore'] })
  const readerEnded = new Promise<number | null>((resolve) => reader.once('close', resolve))
  let read = 0
  reader.stdout.on('data', (chunk: Buffer) => (read += chunk.length))
  const { code, stdout, stderr } = await run
  expect([code, String(stdout)]).toEqual([exitCode, ''])
  expect(stderr.split('\n').length, stderr).toBeGreaterThan(2)
  expect(Buffer.byteLength(stderr)).toBeLessThan(1_000)
  // The dialog waits for the end of kcap, not for a reader that has gone long since.
  expect(Date.now() - startedMs).toBeLessThan(5_000)
  expect(await readerEnded).toBe(0)
  expect(read).toBeLessThan(1_000)
  return stderr
}

test.each(failures)(
  'an extcap capture with %s fails with one short text, and opens and closes the FIFO',
  async (_what, more, code, text) => {
    expect(await expectFailure(captureHere(['--capture', '--fifo', fifo, ...more]), code)).toContain(text)
  },
)

test('the built program fails with one short text too', async () => {
  const run = runKcap(['--capture', '--fifo', fifo, '--extcap-interface', 'kcap-kcap-demo.prod.slim-0'], {
    KUBECONFIG: kubeconfig,
  })
  expect(await expectFailure(run, 6)).toContain('there is no "tcpdump"')
})

test('an extcap capture without a FIFO reports its failure too', async () => {
  expect(await runKcap(['--capture'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('cannot capture: --fifo is missing\n  kcap-extcap'),
  })
})

test('kcap-extcap ignores options of future Wireshark versions, and accepts both forms of a value', async () => {
  const reading = readFifo()
  const argv = [
    '--capture',
    `--extcap-interface=${value}`,
    `--fifo=${fifo}`,
    '--extcap-new',
    '--extcap-other=1',
    '--extcap-third',
    '2',
    '--count=3',
  ]
  expect(await captureHere(argv)).toMatchObject({ code: 0, stderr: '' })
  expect(countPackets(await reading)).toBe(3)
})

test('the defaults of the dialog, as Wireshark passes them, change nothing', async () => {
  const reading = readFifo()
  const saved = ['--snaplen', '0', '--count', '0', '--protocol', 'all', '--max-size', '20KB']
  expect(await start(...saved).ended).toMatchObject({ code: 0, stderr: '' })
  expect(countPackets(await reading)).toBeGreaterThan(20)
})

test('a current context that has changed since the list does not change the captured cluster', async () => {
  const both = path.join(demo.folder, 'both')
  const text = await readFile(kubeconfig, 'utf8')
  await writeFile(
    both,
    `${text.replace(/current-context: .*/, 'current-context: elsewhere')}`.replace(
      'contexts:\n',
      'contexts:\n- name: elsewhere\n  context: { cluster: none, user: none }\n',
    ),
  )
  const reading = readFifo()
  expect(await captureHere([...words, '--fifo', fifo, '--count', '3'], both)).toMatchObject({ code: 0, stderr: '' })
  expect(countPackets(await reading)).toBe(3)
})

test('an interface finds its pod although its value was truncated', async () => {
  const name = `orders-${'x'.repeat(100)}`
  demo.cluster.addPod({ namespace: 'prod', name })
  const { stdout } = await readListing({ KUBECONFIG: kubeconfig })
  const cut = /\{value=(kcap-kcap-demo\.prod\.orders-x+--[0-9a-f]{6})\}/.exec(stdout.toString())?.[1] ?? ''
  const reading = readFifo()
  const run = await captureHere(['--capture', '--extcap-interface', cut, '--fifo', fifo, '--count', '3'])
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(
    parseBlocks(await reading)
      .find(({ type }) => type === 1)
      ?.options(8)
      .get(2)?.[0]
      ?.toString(),
  ).toBe(`prod/${name} any`)
  demo.cluster.removePod(`prod/${name}`)
})

test('the kcapdemo interface captures without any cluster, and leaves nothing running', async () => {
  const reading = readFifo()
  const temporary = path.join(demo.folder, 'tmp')
  execFileSync('mkdir', ['-p', temporary])
  const run = await runKcap(['--capture', '--extcap-interface', 'kcapdemo', '--fifo', fifo, '--count', '10'], {
    TMPDIR: temporary,
  })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(countPackets(await reading)).toBe(10)
  expect(execFileSync('ls', [temporary]).toString()).toBe('')
})

test('--fifo accepts a file that a person named', async () => {
  const file = path.join(demo.folder, 'typed.pcap')
  expect(
    await runKcap(['--capture', '--fifo', file, '--namespace', 'prod', '--pod', 'orders-6c9f', '--count', '4'], {
      KUBECONFIG: kubeconfig,
    }),
  ).toMatchObject({ code: 0, stderr: '' })
  expect((await readFile(file)).readUInt32LE(0)).toBe(0xa1b23c4d)
  expect(existsSync(file)).toBe(true)
})
