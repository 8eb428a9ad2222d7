import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { captureArgv, defaultProgram, openExec, supervisedArgv, UpgradeRefused } from '../peer/peer-client.ts'
import { type PeerCluster, startPeerCluster } from '../peer/start-peer-cluster.ts'
import { readPcap } from './read-packets.ts'

let cluster: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster({
    packetsPerSecond: 400,
    silenceTimeoutMs: 400,
    graceMs: 100,
    users: [
      { name: 'viewer', rights: [{ verbs: ['get', 'list'], resources: ['pods'] }] },
      { name: 'creator', rights: [{ verbs: ['create'], resources: ['pods/exec'] }] },
    ],
  })
})
afterAll(() => cluster.close())

const packetCount = (bytes: Buffer) => (bytes.length < 24 ? 0 : readPcap(bytes).packets.length)
const reports = (text: string) => text.split('\n').filter((line) => line.startsWith('kcap-report: '))

async function refusal(asked: Parameters<typeof openExec>[1]): Promise<UpgradeRefused> {
  return await openExec(cluster, asked).then(
    () => Promise.reject(new Error('the upgrade was not refused')),
    (error: unknown) => error as UpgradeRefused,
  )
}

/** Removes the time, which the supervisor reports once. */
const withoutClock = (stderr: string) => stderr.replace(/^kcap-report: clock \d+\.\d{9}\n/m, '')

describe("the demo's exec upgrade:", () => {
  test.each([
    [['v5.channel.k8s.io', 'v4.channel.k8s.io'], 'v5.channel.k8s.io'],
    [['v4.channel.k8s.io', 'v5.channel.k8s.io'], 'v5.channel.k8s.io'],
    [['v4.channel.k8s.io'], 'v4.channel.k8s.io'],
  ])('an offer of %s gets %s', async (protocols, expected) => {
    const exec = await openExec(cluster, { protocols })
    expect(exec.protocol).toBe(expected)
    exec.socket.terminate()
  })

  test('an offer of unknown subprotocols gets a bare 403', async () => {
    expect(await refusal({ protocols: ['v9.foo'] })).toMatchObject({ code: 403, body: '' })
  })

  test('a server limited to v4 answers v4', async () => {
    const old = await startPeerCluster({ protocols: ['v4.channel.k8s.io'] })
    const exec = await openExec(old)
    expect(exec.protocol).toBe('v4.channel.k8s.io')
    await old.close()
  })

  test.each([
    ['prod/nope', undefined, 404, 'pods "nope" not found'],
    ['prod/orders-6c9f', 'foo', 400, 'container foo is not valid for pod orders-6c9f'],
    [
      'prod/orders-6c9f',
      undefined,
      400,
      'a container name must be specified for pod orders-6c9f, choose one of: [api proxy]',
    ],
    ['prod/importer-pending', undefined, 400, 'pod importer-pending does not have a host assigned'],
  ])('exec in %s, container %s, gets %i: %s', async (pod, container, code, message) => {
    const refused = await refusal({ pod, container })
    expect(refused).toBeInstanceOf(UpgradeRefused)
    expect(refused.code).toBe(code)
    expect(JSON.parse(refused.body)).toMatchObject({ kind: 'Status', status: 'Failure', message, code })
  })

  test('a WebSocket needs `get` on pods/exec; `create` is not enough', async () => {
    const refused = await refusal({ token: cluster.tokenOf('creator') })
    expect(JSON.parse(refused.body).message).toBe(
      'pods "web-5f8c" is forbidden: User "creator" cannot get resource "pods/exec" in API group "" in the namespace "prod"',
    )
  })

  test('a viewer gets 403, a wrong token 401', async () => {
    expect((await refusal({ token: cluster.tokenOf('viewer') })).code).toBe(403)
    expect((await refusal({ token: 'wrong' })).code).toBe(401)
  })

  test('a stopped container is refused over HTTP with v4 and on the error channel with v5', async () => {
    expect(await refusal({ pod: 'prod/mailer-crash', protocols: ['v4.channel.k8s.io'] })).toMatchObject({
      code: 500,
      body: 'container not found ("mailer")',
    })
    const exec = await openExec(cluster, { pod: 'prod/migrate-done' })
    expect(await exec.closed).toBe(1000)
    expect(exec.status().message).toBe(
      'Internal error occurred: Internal error occurred: unable to upgrade connection: container not found ("migrate")',
    )
  })
})

describe.each(['v5.channel.k8s.io', 'v4.channel.k8s.io'])('a capture of the demo over %s', (protocol) => {
  test('starts with an empty frame on stdout, reports, and packets within 50 ms', async () => {
    const exec = await openExec(cluster, { protocols: [protocol] })
    const openedAt = performance.now()
    await exec.until(() => packetCount(exec.stdout()) > 0)
    expect(performance.now() - openedAt).toBeLessThan(50)
    expect(exec.firstFrame()).toEqual(Buffer.of(1))
    expect(withoutClock(exec.stderr())).toBe(
      'kcap-report: using tcpdump -i any -s 0 -B 16384 -n -U --time-stamp-precision=nano -w -\n' +
        'tcpdump: data link type LINUX_SLL2\n' +
        'tcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes\n',
    )
    exec.socket.terminate()
  })

  test('ends after q: closing lines, report, one more byte, status, close 1000', async () => {
    const exec = await openExec(cluster, { protocols: [protocol] })
    await exec.until(() => packetCount(exec.stdout()) >= 5)
    exec.send('q\n')
    await exec.until(() => exec.stderr().includes('ended'))
    const count = packetCount(exec.stdout())
    expect(exec.stderr()).toContain(
      `${count} packets captured\n${count} packets received by filter\n0 packets dropped by kernel\nkcap-report: ended 0\n`,
    )
    expect(exec.status()).toBeUndefined()
    exec.send('r\n')
    expect(await exec.closed).toBe(1000)
    expect(exec.status()).toEqual({ metadata: {}, status: 'Success' })
    expect(readPcap(exec.stdout()).rest).toBe(0)
  })

  test('ends by itself some time after q when no byte follows', async () => {
    const exec = await openExec(cluster, { protocols: [protocol] })
    exec.send('q\n')
    await exec.until(() => exec.stderr().includes('ended 0'))
    expect(await exec.closed).toBe(1000)
  })

  test('lives on heartbeats and dies of silence', async () => {
    const exec = await openExec(cluster, { protocols: [protocol] })
    for (let i = 0; i < 4; i++) {
      await delay(125)
      exec.send('h\n')
    }
    expect(cluster.openExecCount('prod/web-5f8c')).toBe(1)
    expect(await exec.closed).toBe(1000)
    expect(reports(exec.stderr()).at(-1)).toBe('kcap-report: ended 137')
    expect(exec.status().details).toEqual({ causes: [{ reason: 'ExitCode', message: '137' }] })
    expect(cluster.openExecCount()).toBe(0)
  })

  test('ends soon after its connection is cut', async () => {
    const exec = await openExec(cluster, { protocols: [protocol] })
    await exec.until(() => exec.stderr().includes('listening'))
    expect(cluster.openExecCount()).toBe(1)
    exec.socket.terminate()
    await expect.poll(() => cluster.openExecCount()).toBe(0)
  })
})

test('a second capture of a pod in the demo sees other connections than the first', async () => {
  const frames = async () => {
    const exec = await openExec(cluster, { pod: 'prod/payments-7d4b', argv: ['tcpdump', '-c', '5', '-w', '-', 'tcp'] })
    await exec.closed
    return readPcap(exec.stdout()).packets.map(({ frame }) => frame.readUInt16BE(34))
  }
  const [first, second] = [await frames(), await frames()]
  expect(first.filter((port) => port > 32_767 && second.includes(port))).toEqual([])
})

test('the end of stdin in the close frame of v5 ends a capture of the demo', async () => {
  const exec = await openExec(cluster)
  await exec.until(() => exec.stderr().includes('listening'))
  exec.halfClose()
  // At once, not by the silence that follows.
  expect(await Promise.race([exec.closed, delay(300, 'still open')])).toBe(1000)
  expect(reports(exec.stderr()).at(-1)).toBe('kcap-report: ended 137')
})

test('a restarted container ends its captures with 137 and without a report', async () => {
  const exec = await openExec(cluster, { pod: 'prod/db-0' })
  await exec.until(() => exec.stderr().includes('listening'))
  cluster.restartPod('prod/db-0')
  expect(await exec.closed).toBe(1000)
  expect(exec.status().details.causes[0].message).toBe('137')
  expect(exec.stderr()).not.toContain('ended')
})

describe('the demo refuses what a container cannot do:', () => {
  const shellMissing =
    /failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "sh": executable file not found in \$PATH: unknown$/

  test('a pod without a shell ends with InternalError in the words of the runtime', async () => {
    const exec = await openExec(cluster, { pod: 'prod/minimal-0' })
    expect(await exec.closed).toBe(1000)
    expect(exec.status()).toMatchObject({ status: 'Failure', reason: 'InternalError', code: 500 })
    expect(exec.status().message).toMatch(
      /^Internal error occurred: Internal error occurred: error executing command in container: /,
    )
    expect(exec.status().message).toMatch(shellMissing)
  })

  test('with v4 the kubelet reports the error, and prints "Internal error" once', async () => {
    const exec = await openExec(cluster, { pod: 'prod/minimal-0', protocols: ['v4.channel.k8s.io'] })
    await exec.closed
    expect(exec.status().message).toMatch(/^Internal error occurred: error executing command in container: /)
  })

  test('a pod without tcpdump reports it missing and exits with 127', async () => {
    const exec = await openExec(cluster, { pod: 'prod/slim-0' })
    await exec.closed
    expect(exec.stderr()).toBe('kcap-report: missing tcpdump\n')
    expect(exec.status()).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: command terminated with exit code 127',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '127' }] },
    })
  })

  test.each([
    [
      'prod/locked-0',
      'any',
      "tcpdump: any: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n",
    ],
    ['prod/web-5f8c', 'foo', 'tcpdump: foo: No such device exists\n(No such device exists)\n'],
  ])('tcpdump in %s on %s reports why it cannot capture and exits with 1', async (pod, interfaceName, words) => {
    const exec = await openExec(cluster, { pod, argv: captureArgv('-i', interfaceName, '-w', '-') })
    await exec.until(() => exec.stderr().includes('ended'))
    expect(withoutClock(exec.stderr())).toBe(
      `kcap-report: using tcpdump -i ${interfaceName} -w -\n${words}kcap-report: ended 1\n`,
    )
    exec.send('r\n')
    await exec.closed
    expect(exec.status().details.causes[0].message).toBe('1')
  })

  test('an unknown program is not found in $PATH', async () => {
    const exec = await openExec(cluster, { argv: ['tshark', '-v'] })
    await exec.closed
    expect(exec.status().message).toContain('exec: "tshark": executable file not found in $PATH')
  })
})

describe("the demo's tcpdump", () => {
  async function run(...argv: string[]) {
    const exec = await openExec(cluster, { argv: ['tcpdump', ...argv] })
    await exec.closed
    return exec
  }

  test('lists the interfaces with -D', async () => {
    expect((await run('-D')).stdout().toString()).toBe(
      '1.eth0 [Up, Running, Connected]\n2.any (Pseudo-device that captures on all interfaces) [Up, Running]\n3.lo [Up, Running, Loopback]\n',
    )
  })

  test('compiles a filter without capturing with -d', async () => {
    const exec = await run('-d', '-i', 'any', 'tcp port 80')
    expect(exec.stdout().toString()).toMatch(/^\(000\) /)
    expect(exec.status().status).toBe('Success')
  })

  test.each([
    ['foo bar', "can't parse filter expression: syntax error"],
    ['(tcp', "can't parse filter expression: syntax error"],
    ['port 99999', 'illegal port number 99999 > 65535'],
    ['host foo.invalid', "unknown host 'foo.invalid'"],
  ])('-d %s fails with: %s', async (filter, words) => {
    const exec = await run('-d', '-i', 'eth0', filter)
    expect(exec.stderr()).toBe(`tcpdump: ${words}\n`)
    expect(exec.status().details.causes[0].message).toBe('1')
  })

  test('ends the capture after that many packets with -c', async () => {
    const exec = await run('-i', 'eth0', '-c', '7', '-w', '-')
    expect(packetCount(exec.stdout())).toBe(7)
    expect(exec.stderr()).toContain('7 packets captured')
  })

  test('truncates packets and keeps their original length with -s', async () => {
    const { packets, snapLength } = readPcap((await run('-i', 'eth0', '-s', '60', '-c', '30', '-w', '-')).stdout())
    expect(snapLength).toBe(60)
    expect(Math.max(...packets.map(({ frame }) => frame.length))).toBe(60)
    expect(Math.max(...packets.map(({ originalLength }) => originalLength))).toBeGreaterThan(100)
  })

  test.each([
    ['nano', 0xa1b23c4d],
    ['micro', 0xa1b2c3d4],
  ])('writes the magic number for --time-stamp-precision=%s and current times', async (precision, magic) => {
    const before = Date.now()
    const capture = readPcap(
      (await run('-i', 'eth0', '-c', '3', `--time-stamp-precision=${precision}`, '-w', '-')).stdout(),
    )
    expect(capture.magic).toBe(magic)
    expect(Number(capture.packets[0]?.timeNs ?? 0n) / 1e6).toBeGreaterThanOrEqual(before - 1)
    expect(Number(capture.packets[0]?.timeNs ?? 0n) / 1e6).toBeLessThan(Date.now() + 1)
  })

  test.each([
    ['any', 276],
    ['eth0', 1],
    ['lo', 1],
  ])('has for -i %s the link type %i', async (name, linkType) => {
    const exec = await openExec(cluster, {
      pod: 'prod/orders-6c9f',
      container: 'api',
      argv: ['tcpdump', '-i', name, '-c', '1', '-w', '-'],
    })
    await exec.closed
    expect(readPcap(exec.stdout()).linkType).toBe(linkType)
  })

  test('sends a sequence of gzip members when asked to compress', async () => {
    const argv = supervisedArgv([[...defaultProgram, '-c', '30']], { compression: 'gzip' })
    const exec = await openExec(cluster, { argv })
    await exec.until(() => exec.stderr().includes('ended 0'))
    expect(readPcap(gunzipSync(exec.stdout())).packets.length).toBe(30)
    exec.socket.terminate()
  })

  test('applies the filter that the supervisor adds to its command', async () => {
    const argv = supervisedArgv([[...defaultProgram, '-c', '4']], { filter: '(udp) and (port 53)' })
    const exec = await openExec(cluster, { argv })
    await exec.until(() => exec.stderr().includes('ended 0'))
    expect(reports(exec.stderr())[0]).toBe(`kcap-report: using ${defaultProgram.join(' ')} -c 4 (udp) and (port 53)`)
    for (const { frame } of readPcap(exec.stdout()).packets) expect(frame[20 + 9]).toBe(17)
    exec.socket.terminate()
  })
})
