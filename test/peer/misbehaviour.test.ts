import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readPcap } from '../demo/read-packets.ts'
import type { Misbehaviour } from './misbehaviour/misbehaviour.ts'
import { ask, defaultCapture, openExec, UpgradeRefused } from './peer-client.ts'
import { type PeerCluster, startPeerCluster } from './start-peer-cluster.ts'

let cluster: PeerCluster
const pod = 'prod/web-5f8c'
const other = 'prod/db-0'

beforeAll(async () => {
  cluster = await startPeerCluster({ packetsPerSecond: 500, graceMs: 100 })
})
afterEach(async () => {
  await cluster.misbehave({})
  await cluster.misbehave({}, pod)
})
afterAll(() => cluster.close())

async function misbehavingExec(settings: Misbehaviour) {
  await cluster.misbehave(settings, pod)
  return await openExec(cluster, { pod })
}

describe('a misbehaving API server:', () => {
  test('refused connections are ECONNREFUSED, and the same port works again later', async () => {
    await cluster.misbehave({ connections: 'refused' })
    await expect(ask(cluster, '/version')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await cluster.misbehave({})
    expect((await ask(cluster, '/version')).code).toBe(200)
  })

  test('a silent server accepts the connection and never sends a byte', async () => {
    await cluster.misbehave({ connections: 'silent' })
    const socket = connect(cluster.port, '127.0.0.1')
    let heard = 0
    socket.on('data', (bytes) => {
      heard += bytes.length
    })
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x00]))
    await delay(100)
    expect([heard, socket.readyState]).toEqual([0, 'open'])
    socket.destroy()
  })

  test.each([401, 403, 404, 429, 500, 503, 504] as const)(
    'answer %i is a Status for requests and upgrades',
    async (answer) => {
      await cluster.misbehave({ answer })
      const { code, json } = await ask(cluster, '/api/v1/pods')
      expect([code, json.kind, json.code]).toEqual([answer, 'Status', answer])
      await expect(openExec(cluster, { pod })).rejects.toMatchObject({ code: answer })
    },
  )

  test('answer html is a page with status 200', async () => {
    await cluster.misbehave({ answer: 'html' })
    const { code, text } = await ask(cluster, '/api/v1/pods')
    expect([code, text.slice(0, 15)]).toEqual([200, '<!DOCTYPE html>'])
  })

  test('answer garbage is no HTTP', async () => {
    await cluster.misbehave({ answer: 'garbage' })
    await expect(ask(cluster, '/api/v1/pods')).rejects.toMatchObject({ code: 'HPE_INVALID_CONSTANT' })
  })

  test('answer cut ends the connection', async () => {
    await cluster.misbehave({ answer: 'cut' })
    await expect(ask(cluster, '/api/v1/pods')).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('answer never leaves the request open', async () => {
    await cluster.misbehave({ answer: 'never' })
    const answered = ask(cluster, '/api/v1/pods').then(
      () => 'answered',
      () => 'cut',
    )
    expect(await Promise.race([answered, delay(100, 'waiting')])).toBe('waiting')
    // Frees the request.
    await cluster.misbehave({ connections: 'refused' })
    expect(await answered).toBe('cut')
  })

  test('delayMs comes before the answer', async () => {
    await cluster.misbehave({ delayMs: 120 })
    const startedAt = performance.now()
    await ask(cluster, '/version')
    expect(performance.now() - startedAt).toBeGreaterThan(115)
  })

  test('a setting for one pod does not affect the others', async () => {
    await cluster.misbehave({ answer: 403 }, pod)
    expect((await ask(cluster, '/api/v1/namespaces/prod/pods/web-5f8c')).code).toBe(403)
    expect((await ask(cluster, '/api/v1/namespaces/prod/pods/db-0')).code).toBe(200)
    await expect(openExec(cluster, { pod })).rejects.toBeInstanceOf(UpgradeRefused)
  })
})

describe('a misbehaving exec:', () => {
  test('cutAfterBytes cuts without a close frame after exactly that number of bytes', async () => {
    const exec = await misbehavingExec({ cutAfterBytes: 5000 })
    expect(await exec.closed).toBe(1006)
    expect(exec.stdout().length).toBe(5000)
  })

  test('cutExecs cuts only the named pod', async () => {
    const [cut, kept] = await Promise.all([openExec(cluster, { pod }), openExec(cluster, { pod: other })])
    cluster.cutExecs(pod)
    expect(await cut.closed).toBe(1006)
    expect(kept.socket.readyState).toBe(1)
    kept.socket.terminate()
  })

  test('stallAfterBytes stops the stream, ignores q, and still answers pings', async () => {
    const exec = await misbehavingExec({ stallAfterBytes: 3000 })
    await exec.until(() => exec.stdout().length >= 3000)
    exec.send('q\n')
    const pong = new Promise((resolve) => exec.socket.once('pong', resolve))
    exec.socket.ping()
    await pong
    await delay(100)
    expect(exec.stdout().length).toBe(3000)
    expect(exec.stderr()).not.toContain('ended')
    exec.socket.terminate()
    await expect.poll(() => cluster.openExecCount()).toBe(0)
  })

  test('stallExecs stops a running stream', async () => {
    const exec = await openExec(cluster, { pod })
    await exec.until(() => exec.stdout().length > 100)
    cluster.stallExecs()
    await delay(50)
    const { length } = exec.stdout()
    await delay(100)
    expect(exec.stdout().length).toBe(length)
    exec.socket.terminate()
  })

  test('noPongs leaves pings unanswered', async () => {
    const exec = await misbehavingExec({ noPongs: true })
    let pongs = 0
    exec.socket.on('pong', () => pongs++)
    exec.socket.ping()
    await delay(100)
    expect(pongs).toBe(0)
    exec.socket.terminate()
  })

  test('endWithoutStatus closes cleanly and leaves the error channel empty', async () => {
    const exec = await misbehavingExec({ endWithoutStatus: true, exitCode: 0 })
    await exec.until(() => exec.stderr().includes('ended'))
    exec.send('r\n')
    expect(await exec.closed).toBe(1000)
    expect(exec.status()).toBeUndefined()
  })

  test('textBeforeCapture precedes the pcap header', async () => {
    const exec = await misbehavingExec({ textBeforeCapture: 'Welcome!\n' })
    await exec.until(() => exec.stdout().length > 40)
    expect(exec.stdout().subarray(0, 9).toString()).toBe('Welcome!\n')
    expect(exec.stdout().readUInt32LE(9)).toBe(0xa1b23c4d)
    exec.socket.terminate()
  })

  test('stream not-pcap is text instead of a capture', async () => {
    const exec = await misbehavingExec({ stream: 'not-pcap' })
    await exec.until(() => exec.stdout().length > 20)
    expect(exec.stdout().toString()).toMatch(/^Last login: /)
    exec.socket.terminate()
  })

  test('stream huge-record announces 300 MB after badAfterPackets packets', async () => {
    const exec = await misbehavingExec({ stream: 'huge-record', badAfterPackets: 3 })
    await exec.until(() => exec.stdout().length > 24 && readPcap(exec.stdout()).rest >= 1000)
    const { packets, rest } = readPcap(exec.stdout())
    expect(packets).toHaveLength(3)
    expect(exec.stdout().readUInt32LE(exec.stdout().length - rest + 8)).toBe(300_000_000)
    exec.socket.terminate()
  })

  test('stream truncated ends in the middle of a record with exit code 0', async () => {
    const exec = await misbehavingExec({ stream: 'truncated', badAfterPackets: 2 })
    await exec.until(() => exec.stderr().includes('ended 0'))
    expect(readPcap(exec.stdout())).toMatchObject({ packets: { length: 2 }, rest: 16 + 37 })
    exec.send('r\n')
    await exec.closed
    expect(exec.status().status).toBe('Success')
  })

  test('exitCode ends the program early with that code', async () => {
    const exec = await misbehavingExec({ exitCode: 42, badAfterPackets: 1 })
    await exec.until(() => exec.stderr().includes('ended 42'))
    exec.send('r\n')
    await exec.closed
    expect(exec.status().details.causes[0].message).toBe('42')
    expect(readPcap(exec.stdout()).packets).toHaveLength(1)
  })

  test('ignoreStop continues after q', async () => {
    const exec = await misbehavingExec({ ignoreStop: true })
    exec.send('q\n')
    await delay(120)
    const { length } = exec.stdout()
    await exec.until(() => exec.stdout().length > length)
    expect(exec.stderr()).not.toContain('ended')
    exec.socket.terminate()
    await expect.poll(() => cluster.openExecCount()).toBe(0)
  })

  test('stderrBytes floods standard error before the capture', async () => {
    const exec = await misbehavingExec({ stderrBytes: 3_000_000 })
    await exec.until(() => exec.stderr().includes('listening'))
    expect(exec.stderr().indexOf('kcap-report')).toBe(3_000_000)
    exec.socket.terminate()
  })

  test('packetsPerSecond 0 makes a quiet pod: a header and nothing else', async () => {
    const exec = await misbehavingExec({ packetsPerSecond: 0 })
    await delay(100)
    expect(exec.stdout().length).toBe(24)
    exec.send('q\n')
    await exec.until(() => exec.stderr().includes('0 packets captured'))
    exec.socket.terminate()
  })

  test('clockOffsetMs shifts the times of a pod', async () => {
    const exec = await misbehavingExec({ clockOffsetMs: -3_600_000 })
    await exec.until(() => exec.stdout().length > 200)
    const ageMs = Date.now() - Number(readPcap(exec.stdout()).packets[0]?.timeNs ?? 0n) / 1e6
    expect(ageMs).toBeGreaterThan(3_599_000)
    expect(ageMs).toBeLessThan(3_602_000)
    exec.socket.terminate()
  })
})

test('a slow reader of the peer makes the kernel drop packets, and the server buffers none', async () => {
  await cluster.misbehave({ packetsPerSecond: 400_000 }, pod)
  const argv = defaultCapture.map((word) => (word === '16384' ? '64' : word))
  const slow = await openExec(cluster, { pod, argv })
  slow.socket.pause()
  await delay(600)
  slow.send('q\n')
  await delay(50)
  slow.socket.resume()
  await slow.until(() => slow.stderr().includes('ended'))
  const dropped = Number(/(\d+) packets dropped by kernel/.exec(slow.stderr())?.[1])
  expect(dropped).toBeGreaterThan(10_000)
  // What was on its way: the buffers of two sockets, not 40 MB.
  expect(slow.stdout().length).toBeLessThan(20_000_000)
  expect(readPcap(slow.stdout()).rest).toBe(0)
  slow.socket.terminate()
})

test('closing the peer drops every connection, ends every capture and frees the port', async () => {
  const doomed = await startPeerCluster()
  const exec = await openExec(doomed)
  const watching = ask(doomed, '/api/v1/pods?watch=1').catch((error: Error) => error)
  await exec.until(() => exec.stdout().length > 24)
  await doomed.close()
  expect(await exec.closed).toBe(1006)
  expect(await watching).toBeInstanceOf(Error)
  expect(doomed.openExecCount()).toBe(0)
  const next = await startPeerCluster({ port: doomed.port })
  expect(next.port).toBe(doomed.port)
  await next.close()
})
