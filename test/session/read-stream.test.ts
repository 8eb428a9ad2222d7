import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parseShareLink, type ShareLink } from '../../src/base/share-link.ts'
import type { StreamName } from '../../src/base/target.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { openRelay } from '../support/relay.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { packetComments, startSession } from '../support/session-run.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const [interfaceBlock, nameBlock, packetBlock] = [1, 4, 6]
let demo: DemoFixture
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500 })
})

/** A capture of a service that is shared while it runs. */
async function startSharing(folder: string) {
  const share = { protocol: 'kcaps', host: '127.0.0.1', port: 0, maxReaders: 8 } as const
  const kubeconfigPaths = [await demo.kubeconfig()]
  const target = { kind: 'service', service: 'orders', namespace: 'prod', kubeconfigPaths } as const
  const session = startSession(path.join(folder, 'own.pcapng'), target, { share, names: true })
  await session.untilCapturing('prod/orders-6c9f', 20)
  return { session, link: session.link(), name: toName(session.link()) }
}

const toName = (link: string): Extract<StreamName, { protocol: 'kcaps' }> => ({
  kind: 'stream',
  protocol: 'kcaps',
  ...(parseShareLink(link) as ShareLink),
})

const blocksOf = async (file: string) => parseBlocks(await readFile(file))
const ofType = (blocks: Awaited<ReturnType<typeof blocksOf>>, type: number | undefined) =>
  blocks.filter((block) => block.type === type)
const interfaceNames = (blocks: Awaited<ReturnType<typeof blocksOf>>) =>
  ofType(blocks, interfaceBlock).map(({ options }) => options(8).get(2)?.[0]?.toString())

test('a link is captured like any target: the same packets, interfaces and names as its own file', async () => {
  const folder = await makeTempFolder()
  const { session, name } = await startSharing(folder)
  const file = path.join(folder, 'read.pcapng')
  const reading = startSession(file, name, { names: true })
  const label = `kcaps://127.0.0.1:${name.port}`
  await reading.untilCapturing(label, 100)
  await session.stop()
  const summary = await reading.summary
  expect(summary.sources.map((source) => [source.name, source.state, source.error])).toEqual([
    [label, 'ended', undefined],
  ])
  const [own, read] = [await blocksOf(path.join(folder, 'own.pcapng')), await blocksOf(file)]
  expect(interfaceNames(read)).toEqual(['prod/orders-6c9f any', 'prod/orders-x2x7 any'])
  expect(ofType(read, nameBlock).length).toBeGreaterThan(0)
  const packets = (blocks: typeof own) =>
    ofType(blocks, packetBlock).map(({ body }) => body.subarray(4).toString('hex'))
  const readPackets = packets(read)
  expect(packets(own).slice(-readPackets.length).sort()).toEqual(readPackets.sort())
})

test('a link that breaks off is read again, with the gap in a comment and nothing described twice', async () => {
  const folder = await makeTempFolder()
  const { session, name } = await startSharing(folder)
  const relay = await openRelay(name.port)
  const file = path.join(folder, 'read.pcapng')
  const reading = startSession(file, { ...name, port: relay.port }, { names: true })
  const label = `kcaps://127.0.0.1:${relay.port}`
  await reading.untilCapturing(label, 50)
  const before = reading.source(label)?.packets ?? 0
  relay.cut()
  await reading.untilEvent(/the connection is lost: .*; trying again/)
  await reading.until('more packets', () => (reading.source(label)?.packets ?? 0) > before + 100)
  await reading.stop()
  await session.stop()
  await relay.close()
  const comments = (await packetComments(file)).map(([, comment]) => comment)
  expect(comments.filter((comment) => comment.startsWith(`the capture of ${label} broke off: about `))).toHaveLength(1)
  const blocks = await blocksOf(file)
  expect(interfaceNames(blocks)).toHaveLength(2)
  const names = ofType(blocks, nameBlock).map(({ body }) => body.toString('hex'))
  expect(new Set(names).size).toBe(names.length)
})

test('a link and a pod are merged into one file', async () => {
  const folder = await makeTempFolder()
  const { session, link } = await startSharing(folder)
  const file = path.join(folder, 'both.pcapng')
  const words = [link, 'prod/payments-7d4b', '--count', '60', '-q', '-o', file]
  const result = await runCliHere(words, { KUBECONFIG: await demo.kubeconfig() })
  expect(result).toMatchObject({ code: 0, stderr: '' })
  await session.stop()
  const text = (await readFile(file)).toString('latin1')
  expect(interfaceNames(await blocksOf(file))).toContain('prod/payments-7d4b any')
  expect(text).toContain(`from shared capture at 127.0.0.1:${parseShareLink(link)?.port}, pod payments-7d4b`)
  expect(text).not.toContain(parseShareLink(link)?.token)
})

test.skipIf(process.platform === 'win32')('a capture shared at a unix socket is read from there', async () => {
  const folder = await makeTempFolder()
  const socket = path.join(folder, 'orders.sock')
  const kubeconfigPaths = [await demo.kubeconfig()]
  const target = { kind: 'service', service: 'orders', namespace: 'prod', kubeconfigPaths } as const
  const share = { protocol: 'unix', path: socket, maxReaders: 8 } as const
  const session = startSession(path.join(folder, 'own.pcapng'), target, { share })
  await session.untilCapturing('prod/orders-6c9f', 20)
  expect(session.link()).toBe(`unix:${socket}`)
  const file = path.join(folder, 'read.pcapng')
  const { code, stderr } = await runCliHere([`unix:${socket}`, '--count', '20', '-q', '-o', file])
  expect([code, stderr]).toEqual([0, ''])
  expect(interfaceNames(await blocksOf(file))).toEqual(['prod/orders-6c9f any', 'prod/orders-x2x7 any'])
  await session.stop()
  const gone = await runCliHere([`unix:${socket}`, '-q', '-o', file, '--force'])
  expect([gone.code, gone.stderr]).toEqual([
    4,
    expect.stringContaining(`cannot read "unix:${socket}": there is no such socket`),
  ])
})

test('a link that is not valid any more ends with the reason and without its token', async () => {
  const folder = await makeTempFolder()
  const { session, link } = await startSharing(folder)
  const old = link.replace(/\/[\w-]{32}#/, `/${'x'.repeat(32)}#`)
  const { code, stderr } = await runCliHere([old, '-q', '-o', path.join(folder, 'none.pcapng')])
  expect(code).toBe(5)
  expect(stderr).toContain('the link is not valid there: each capture has a new one')
  expect(stderr).not.toContain('xxxx')
  await session.stop()
})

test.each([
  [['--filter', 'port 80'], '--filter'],
  [['--port', '80'], '--port'],
  [['--iface', 'eth0'], '--iface'],
  [['--via', 'exec'], '--via'],
])('%j with nothing but a link is wrong usage', async (words, what) => {
  const { code, stderr } = await runCliHere(['tcp://127.0.0.1:1', ...words])
  expect(code).toBe(2)
  expect(stderr).toContain(`cannot use ${what} on "tcp://127.0.0.1:1": a stream is read as it is sent`)
})

test.each(['kcaps://127.0.0.1:1', 'kcaps://127.0.0.1:1/tooshort', 'kcaps:x', 'tcp://127.0.0.1', 'unix:'])(
  '%s is no link',
  async (text) => {
    const { code, stderr } = await runCliHere([text])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /cannot read (the shared capture: the link is incomplete|"tcp:\/\/127\.0\.0\.1": must be tcp:|"unix:": must be unix:PATH)/,
    )
  },
)

test('kcap doctor reports a stream that can be read, and why another cannot', async () => {
  const { session, link, name } = await startSharing(await makeTempFolder())
  const good = await runCliHere(['doctor', link])
  expect(good.code).toBe(0)
  expect(good.stdout).toMatch(
    new RegExp(
      `^ok kcaps://127\\.0\\.0\\.1:${name.port} has packets of "prod/orders-\\w+ any", link type 276, snap length \\d+; took \\d+ ms\\n$`,
    ),
  )
  await session.stop()
  const bad = await runCliHere(['doctor', link, '--json'])
  expect(bad.code).toBe(4)
  expect(JSON.parse(bad.stdout)).toMatchObject([{ target: `kcaps://127.0.0.1:${name.port}`, state: 'failed' }])
})

const secret = 'abcdefghijklmnopqrstuvwx'
test.each([
  [`KCAPS://127.0.0.1:1/${secret}`],
  [`'kcaps://127.0.0.1:1/${secret}'`],
  [` kcaps://127.0.0.1:1/${secret} `],
  [`<kcaps://127.0.0.1:1/${secret}>`],
  [`kcap kcaps://127.0.0.1:1/${secret}`],
  ['list', `kcaps://127.0.0.1:1/${secret}`],
  ['cleanup', `kcaps://127.0.0.1:1/${secret}`],
  ['install', `kcaps://127.0.0.1:1/${secret}`],
  ['open', `"kcaps://127.0.0.1:1/${secret}`],
  ['pod', '--ssh-host', `kcaps://127.0.0.1:1/${secret}`],
  ['--context', `kcaps://127.0.0.1:1/${secret}`, 'pod'],
])('no error repeats the token of a link: %j', async (...words) => {
  const { code, stdout, stderr } = await runCliHere([...words, '--reconnect', '0', '-o', '/nonexistent/a.pcapng'])
  expect(code).not.toBe(0)
  expect(stdout + stderr).not.toContain(secret)
})

test('kcap doctor says that a host gives no answer, when something accepts and says nothing', {
  timeout: 20_000,
}, async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  afterThisTest.add(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const { code, stdout } = await runCliHere(['doctor', `kcaps://127.0.0.1:${port}/${secret}`])
  expect([code, stdout]).toEqual([4, expect.stringContaining(`!! cannot read "kcaps://127.0.0.1:${port}": no answer`)])
})
