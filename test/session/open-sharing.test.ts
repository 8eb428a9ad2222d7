import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { startSession } from '../support/session-run.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const enhancedPacket = 6
const nameResolution = 4
let demo: DemoFixture
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500 })
})

/** Saves the messages of a link, as any WebSocket client can. */
function save(link: string) {
  const client = new WebSocket(link.replace(/^kcaps/, 'wss').replace(/#.*/, ''), { rejectUnauthorized: false })
  const messages: Buffer[] = []
  client.on('message', (data: Buffer) => messages.push(data))
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  return { closed, bytes: () => Buffer.concat(messages) }
}

test('a late reader has the file from its first packet on, byte for byte, after header, interfaces and names', async () => {
  const file = path.join(await makeTempFolder(), 'orders.pcapng')
  const share = { protocol: 'kcaps', host: '127.0.0.1', port: 0, maxReaders: 8 } as const
  const kubeconfig = await demo.kubeconfig()
  const target = { kind: 'service', service: 'orders', namespace: 'prod', kubeconfigPaths: [kubeconfig] } as const
  const session = startSession(file, target, { share, names: true, limits: { packetCount: 1_000 } })
  await session.untilCapturing('prod/orders-6c9f', 100)
  const reader = save(session.link())
  const summary = await session.summary
  await reader.closed
  const [own, whole] = [parseBlocks(reader.bytes()), parseBlocks(await readFile(file))]
  const start = own.findIndex(({ type }) => type === enhancedPacket)
  const head = own.slice(0, start).map(({ type }) => type)
  expect(head.slice(0, 3)).toEqual([0x0a0d0d0a, 1, 1])
  expect(new Set(head.slice(3))).toEqual(new Set([nameResolution]))
  const packets = own.length - start
  expect(packets).toBeGreaterThan(100)
  const tail = Buffer.concat(own.slice(start).map(({ body }) => body))
  expect(Buffer.concat(whole.slice(-packets).map(({ body }) => body)).equals(tail)).toBe(true)
  expect(summary.readers).toHaveLength(1)
  expect(summary.readers[0]?.figures).toMatchObject({ lostPackets: 0, bytes: reader.bytes().length })
})

test('a capture that is only shared writes no file, prints its link once, and logs no secret', async () => {
  const folder = await makeTempFolder()
  const log = path.join(folder, 'kcap.log')
  const words = ['prod/orders-6c9f', '--serve', '--count', '5', '-q', '--log-file', log, '--log-level', 'debug']
  const { code, stderr } = await runCliHere(words, { KUBECONFIG: await demo.kubeconfig() })
  expect(code).toBe(0)
  const [, token = ''] =
    /^kcap: sharing at kcaps:\/\/127\.0\.0\.1:\d+\/(\S{32})#sha256:[\da-f]{64}\n$/.exec(stderr) ?? []
  expect(token).not.toBe('')
  expect(await readFile(log, 'utf8')).not.toContain(token)
})
