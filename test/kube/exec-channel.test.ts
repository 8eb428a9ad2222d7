import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { changeObject } from '../../src/kube/change-object.ts'
import { checkExecAllowed, openExecChannel } from '../../src/kube/exec-channel.ts'
import { makeAccess, openApiPeer } from '../support/api-peer.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'

afterEach(() => {
  vi.useRealTimers()
})

const request = { namespace: 'shop', pod: 'web', container: 'api', argv: ['sh'], signal: new AbortController().signal }
const fakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
const head = 'HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 20_000 && !condition(); i++) await new Promise<void>((resolve) => setImmediate(resolve))
  expect(condition()).toBe(true)
}

/** An exec that is accepted by `v5.channel.k8s.io`. */
async function openChannel(speak: (send: (channel: number, bytes: Buffer | string) => void, socket: Duplex) => void) {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false })
  const { access } = await openApiPeer(
    () => {},
    (upgrade, socket, rest) =>
      sockets.handleUpgrade(upgrade, socket, rest, (client) => {
        client.on('error', () => {})
        speak((channel, bytes) => client.send(Buffer.concat([Buffer.of(channel), Buffer.from(bytes)])), socket)
      }),
  )
  const remote = await openExecChannel(access, request)
  afterThisTest.add(() => remote.kill())
  return remote
}

test("an exec that is never answered is 'api-unreachable' after 15 s", async () => {
  fakeTimers()
  const { access, requests } = await openApiPeer(
    () => {},
    () => {},
  )
  const failing = failureOf(openExecChannel(access, request))
  await until(() => requests.length === 1)
  await vi.advanceTimersByTimeAsync(15_000)
  const error = await failing
  expect([error.code, error.exitCode, error.message]).toEqual([
    'api-unreachable',
    4,
    `cannot reach the API server "${access.server.host}": it does not answer`,
  ])
})

test("a handshake that never ends, or whose headers come byte by byte, is 'api-unreachable' after 15 s", async () => {
  fakeTimers()
  for (const scheme of ['https', 'http']) {
    let heard = 0
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('data', () => {
          heard += 1
          if (scheme === 'http') socket.write('HTTP/1.1 101 x\r\nx: ')
        })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const access = { ...makeAccess(port), server: new URL(`${scheme}://127.0.0.1:${port}`), agent: undefined as never }
    const failing = failureOf(openExecChannel(access, request))
    await until(() => heard > 0)
    for (let i = 0; i < 15; i++) {
      await vi.advanceTimersByTimeAsync(1_000)
      for (const socket of sockets) if (scheme === 'http') socket.write('x')
    }
    expect((await failing).message).toBe(`cannot reach the API server "127.0.0.1:${port}": it does not answer`)
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a refusal whose text never ends counts 3 s later, by what has come of it', async () => {
  fakeTimers()
  const message = 'User "ann" cannot get resource "pods/exec" in API group ""'
  let upgrades = 0
  const { access } = await openApiPeer(
    () => {},
    (_request, socket) => {
      upgrades += 1
      socket.write(head + chunk(JSON.stringify({ kind: 'Status', message })))
    },
  )
  const failing = failureOf(openExecChannel(access, request))
  await until(() => upgrades === 1)
  for (let i = 0; i < 100; i++) await new Promise<void>((resolve) => setImmediate(resolve))
  await vi.advanceTimersByTimeAsync(3_000)
  const error = await failing
  expect([error.code, error.message]).toEqual([
    'api-forbidden',
    'cannot get pods/exec in the namespace "shop": user "ann" is not allowed to',
  ])
})

test('a refusal without end is read no further than 64 KiB', async () => {
  const { access } = await openApiPeer(
    () => {},
    (_request, socket) => {
      socket.write(head)
      const go = () => {
        while (!socket.destroyed && socket.write(chunk('x'.repeat(10_000))));
      }
      socket.on('drain', go)
      go()
    },
  )
  expect((await failureOf(openExecChannel(access, request))).code).toBe('api-forbidden')
})

test('a frame of more than 4 MiB ends the channel', async () => {
  const remote = await openChannel((send) => send(1, Buffer.alloc(5_000_000)))
  remote.stdout.resume()
  remote.stderr.resume()
  expect(await remote.exited).toMatchObject({ kind: 'lost', error: { code: 'connection-lost' } })
})

test('an exec channel reports the exit of a program once', async () => {
  const remote = await openChannel((send, socket) => {
    const failure = { status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '3' }] } }
    send(3, JSON.stringify({ status: 'Success' }))
    for (let i = 0; i < 100; i++) send(3, JSON.stringify(failure))
    setTimeout(() => socket.end(), 50)
  })
  remote.stdout.resume()
  remote.stderr.resume()
  expect(await remote.exited).toEqual({ kind: 'exited', code: 0 })
})

test('a peer that pings without reading the answers gets no more of them than its connection takes', async () => {
  const pings = Buffer.concat(Array<Buffer>(500).fill(Buffer.concat([Buffer.of(0x89, 120), Buffer.alloc(120)])))
  let sent = 0
  const remote = await openChannel((_send, socket) => {
    socket.removeAllListeners('data')
    socket.pause()
    const go = () => {
      while (!socket.destroyed && sent < 60e6 && socket.write(pings)) sent += pings.length
    }
    socket.on('drain', go)
    go()
  })
  remote.stdout.resume()
  remote.stderr.resume()
  // ws answers one after the other, and reads no further before an answer is written.
  let before = 0
  while (sent === 0 || sent > before) {
    before = sent
    // Nobody reports the end of a flood: it is over when nothing more is sent.
    await sleep(200)
  }
  expect(sent).toBeGreaterThan(0)
  expect(sent).toBeLessThan(20e6)
})

test('a refused exec leaves its connection to the request that gets it next', async () => {
  const seen: [number, string][] = []
  let connections = 0
  const answer = (body: string, status: string) =>
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const server = createServer((socket) => {
    const number = connections++
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      const [line = ''] = bytes.toString().split('\r\n')
      seen.push([number, line.replace(/\?\S*/, '')])
      if (line.includes('/exec')) socket.write(answer('{"kind":"Status","details":{"kind":"pods"}}', '404 Not Found'))
      // As long as an API server takes to create a pod.
      else setTimeout(() => socket.write(answer('{"kind":"Pod"}', '201 Created')), 50)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const access = makeAccess((server.address() as AddressInfo).port)
  afterThisTest.add(() => {
    access.agent.destroy()
    server.close()
  })
  const create = { method: 'POST', path: '/api/v1/namespaces/shop/pods', body: {} } as const
  const action = { verb: 'create', resource: 'pods', namespace: 'shop' } as const
  for (let i = 0; i < 3; i++) {
    await checkExecAllowed(access, request)
    expect(await changeObject(access, { ...create, action, signal: request.signal })).toEqual({ kind: 'Pod' })
  }
  const exec = 'GET /api/v1/namespaces/shop/pods/web/exec HTTP/1.1'
  const post = 'POST /api/v1/namespaces/shop/pods HTTP/1.1'
  expect(seen).toEqual(
    [1, 2, 3].flatMap(() => [
      [0, exec],
      [0, post],
    ]),
  )
})
