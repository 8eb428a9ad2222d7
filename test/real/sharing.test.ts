import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { beforeAll, beforeEach, expect } from 'vitest'
import WebSocket from 'ws'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { parseBlocks } from '../support/packets.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { realTest, tshark } from './lab.ts'

const run = promisify(execFile)
const enhancedPacket = 6
/** Debian's, for which python3-websockets is. */
const python = '/usr/bin/python3'
/** A program of somebody else, which knows WebSocket and nothing of kcap. */
const foreignClient = `
import asyncio, ssl, sys, websockets
async def save(url, name):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with open(name, 'wb') as file:
        async with websockets.connect(url, ssl=context, max_size=None) as socket:
            async for message in socket:
                file.write(message)
asyncio.run(save(sys.argv[1], sys.argv[2]))
`

let demo: DemoFixture
let folder: string
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 2_000 })
})
beforeEach(async () => {
  folder = await makeTempFolder()
})

/** Starts a shared capture of the demo into a file; settles when its link is printed. */
async function share(kubeconfig: string, ...words: string[]) {
  const file = path.join(folder, 'shared.pcapng')
  const kcap = startKcap(['svc/orders', '-n', 'prod', '-o', file, ...words], { KUBECONFIG: kubeconfig })
  let said = ''
  kcap.child.stderr?.on('data', (chunk) => (said += chunk))
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/sharing at \S+\n/)
  const [, link = ''] = /sharing at (\S+)/.exec(said) ?? []
  return { ...kcap, file, link, url: link.replace(/^kcaps/, 'wss').replace(/#.*/, ''), said: () => said }
}

const bodies = (file: Buffer) => {
  const blocks = parseBlocks(file)
  const start = blocks.findIndex(({ type }) => type === enhancedPacket)
  return {
    count: blocks.length - start,
    from: (first: number) => Buffer.concat(blocks.slice(first).map(({ body }) => body)),
    start,
  }
}

realTest(
  "Wireshark's own programs read a shared capture as PCAP-over-IP, from their joining on as the file has it",
  async () => {
    const kcap = await share(await demo.kubeconfig(), '--serve', 'tcp://127.0.0.1:0', '--duration', '8')
    const { host } = new URL(kcap.link.replace('tcp:', 'http:'))
    const out = path.join(folder, 'dumpcap.pcapng')
    await sleep(2_000)
    await run('dumpcap', ['-q', '-i', `TCP@${host}`, '-w', out]).catch(() => {})
    const { code } = await kcap.ended
    expect(code).toBe(0)
    const [read, whole] = await Promise.all(
      [out, kcap.file].map(
        async (file) => await tshark(file, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len'),
      ),
    )
    const lines = (read ?? '').split('\n')
    expect(lines.length).toBeGreaterThan(1_000)
    expect((whole ?? '').endsWith(read ?? '')).toBe(true)
  },
)

realTest("a foreign WebSocket client's messages are a capture file, equal to the end of kcap's own", async () => {
  const kcap = await share(await demo.kubeconfig(), '--serve', '--duration', '6')
  await writeFile(path.join(folder, 'client.py'), foreignClient)
  const out = path.join(folder, 'client.pcapng')
  await run(python, [path.join(folder, 'client.py'), kcap.url, out])
  await kcap.ended
  const [own, whole] = [bodies(await readFile(out)), bodies(await readFile(kcap.file))]
  expect(own.count).toBeGreaterThan(1_000)
  expect(whole.from(-own.count).equals(own.from(own.start))).toBe(true)
  expect((await tshark(out)).split('\n').length).toBeGreaterThan(1_000)
})

realTest('a thousand hostile connections neither end the capture nor grow its memory', async () => {
  const kcap = await share(await demo.kubeconfig(), '--serve', '--duration', '30')
  const port = Number(new URL(kcap.url).port)
  const good = new WebSocket(kcap.url, { rejectUnauthorized: false })
  let bytes = 0
  good.on('message', (data: Buffer) => (bytes += data.length))
  await once(good, 'open')
  await sleep(2_000)
  const beforeKb = residentKb(kcap.child.pid)
  for (let i = 0; i < 250; i++) {
    const wrong = new WebSocket(`wss://127.0.0.1:${port}/wrong`, { rejectUnauthorized: false })
    wrong.on('error', () => {})
    // Half-open: the handshake never comes, and another that stops in the middle of its request.
    connect(port, '127.0.0.1').on('error', () => {})
    const stopped = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      stopped.write('GET / HTTP/1.1\r\nX: '),
    )
    stopped.on('error', () => {})
    const giant = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      giant.write(Buffer.alloc(100_000, 'x')),
    )
    giant.on('error', () => {})
    await sleep(10)
  }
  await sleep(2_000)
  const grownKb = residentKb(kcap.child.pid) - beforeKb
  const before = bytes
  await sleep(1_000)
  expect(bytes).toBeGreaterThan(before)
  expect(grownKb).toBeLessThan(40_000)
  const { code, stderr } = await kcap.ended
  expect([code, stderr]).toEqual([0, expect.stringContaining('none lost')])
  expect(stderr.match(/ joined \(/g)).toHaveLength(1)
})

realTest(
  'a reader that stalls loses packets, with comments that name them all; a good one at the same time loses none',
  async () => {
    const busy = await openDemoFixture({ packetsPerSecond: 8_000 })
    const kcap = await share(await busy.kubeconfig(), '--serve', 'tcp://127.0.0.1:0', '--duration', '20')
    const [good, stalled] = [readPlain(kcap.link), readPlain(kcap.link)]
    await sleep(1_000)
    stalled.socket.pause()
    await sleep(10_000)
    stalled.socket.resume()
    const { stderr } = await kcap.ended
    const [goodFile, stalledFile] = await Promise.all([good.ended, stalled.ended])
    const whole = bodies(await readFile(kcap.file))
    expect(whole.from(-bodies(goodFile).count).equals(bodies(goodFile).from(bodies(goodFile).start))).toBe(true)
    await writeFile(path.join(folder, 'stalled.pcapng'), stalledFile)
    const comments = await tshark(
      path.join(folder, 'stalled.pcapng'),
      '-Y',
      'frame.comment contains "lost"',
      '-T',
      'fields',
      '-e',
      'frame.comment',
    )
    const lost = [...comments.matchAll(/(\d+) packets lost here: this reader was too slow/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    )
    expect(lost).toBeGreaterThan(10_000)
    expect(bodies(stalledFile).count + lost).toBe(bodies(goodFile).count)
    expect(stderr.replaceAll(',', '')).toContain(`${lost} LOST: it read too slowly`)
  },
)

/** Reads a plain stream to its end. */
function readPlain(link: string) {
  const { hostname, port } = new URL(link.replace('tcp:', 'http:'))
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { socket, ended: once(socket, 'end').then(() => Buffer.concat(chunks)) }
}

function residentKb(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
