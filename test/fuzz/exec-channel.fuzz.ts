import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { KcapError } from '../../src/base/kcap-error.ts'
import { openExecChannel } from '../../src/kube/exec-channel.ts'
import { afterThisFile } from '../support/cleanups.ts'
import { fuzz } from './fuzz.ts'
import { damagedJson, hostileText } from './hostile-text.ts'
import { makeAccess } from './make-access.ts'

const statuses = [
  { status: 'Success', metadata: {} },
  {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    message: 'x',
  },
  { kind: 'Status', status: 'Failure', message: 'stat /bin/sh: no such file or directory', code: 500 },
]
const payload = fc.oneof(
  hostileText.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(70_000, 300_000).map((length) => Buffer.alloc(length, 'stat ')),
)
const frame = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 1, 1, 2, 3, 4, 7, 255), payload)
    .map(([channel, bytes]) => Buffer.concat([Buffer.of(channel), bytes])),
  damagedJson(statuses).map((text) => Buffer.from(`\x03${text}`)),
  fc.constantFrom(Buffer.alloc(0), Buffer.of(3), Buffer.of(255), Buffer.of(255, 1)),
)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('frame' as const), bytes: frame }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('text' as const), text: hostileText }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ping' as const) }) },
  // Bytes that are no frame: reserved bits, a masked frame of a server, a length beyond all bounds, a close code that is none.
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('raw' as const),
      bytes: fc.oneof(
        fc.constantFrom(
          Buffer.of(0xf2, 1, 0),
          Buffer.of(0x82, 0x81, 0, 0, 0, 0, 1),
          Buffer.of(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255),
          Buffer.of(0x88, 2, 0, 1),
          Buffer.of(0x82, 127, 0, 0, 0, 0, 2, 0, 0, 0),
        ),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    }),
  },
)
const ending = fc.constantFrom('close', 'cut', 'half-close', 'status-then-close')
const upgrade = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'accept' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('refuse' as const),
      code: fc.constantFrom(200, 400, 401, 403, 404, 500, 999),
      body: fc.oneof(
        damagedJson([{ kind: 'Status', message: 'container x is not valid for pod y', code: 400 }]),
        hostileText,
      ),
      isTorn: fc.boolean(),
    }),
  },
)

let plan: {
  steps: readonly (typeof step extends fc.Arbitrary<infer Value> ? Value : never)[]
  end: string
  answer: typeof upgrade extends fc.Arbitrary<infer Value> ? Value : never
}
const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false })
const server = createServer()
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {})
  const { answer } = plan
  if (answer.kind === 'refuse') {
    const body = Buffer.from(answer.body)
    socket.write(
      `HTTP/1.1 ${answer.code} x\r\nConnection: close\r\nContent-Length: ${body.length + (answer.isTorn ? 9 : 0)}\r\n\r\n`,
    )
    socket.end(body)
    return
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('error', () => {})
    play(
      client,
      () => socket.end(),
      (bytes) => socket.write(bytes),
    )
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterThisFile.add(() => {
  for (const client of sockets.clients) client.terminate()
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

function play(client: WebSocket, halfClose: () => void, writeRaw: (bytes: Buffer) => void): void {
  for (const action of plan.steps) {
    if (action.kind === 'frame') client.send(action.bytes)
    else if (action.kind === 'text') client.send(action.text)
    else if (action.kind === 'ping') client.ping()
    else writeRaw(action.bytes)
  }
  if (plan.end === 'status-then-close') client.send(Buffer.from('\x03{"status":"Success"}'))
  if (plan.end === 'half-close') halfClose()
  else if (plan.end === 'cut') client.terminate()
  else client.close()
}

const access = makeAccess((server.address() as AddressInfo).port)
const unexpected: unknown[] = []
const note = (error: unknown) => unexpected.push(error)
process.on('uncaughtException', note).on('unhandledRejection', note)
afterThisFile.add(() => process.off('uncaughtException', note).off('unhandledRejection', note))

fuzz(
  'a hostile exec channel: output and an end, or a KcapError',
  fc.record({
    steps: fc.array(step, { maxLength: 8 }),
    end: ending,
    answer: upgrade,
    stdin: fc.uint8Array({ maxLength: 50 }),
  }),
  async ({ steps, end, answer, stdin }) => {
    plan = { steps, end, answer }
    const signal = new AbortController().signal
    const request = { namespace: 'shop', pod: 'web', container: 'api', argv: ['sh'], signal }
    const remote = await openExecChannel(access, request).catch((error: unknown) => {
      expect(error).toBeInstanceOf(KcapError)
      return undefined
    })
    if (remote !== undefined) {
      remote.stdin.write(Buffer.from(stdin))
      remote.stdout.resume()
      remote.stderr.resume()
      const exit = await remote.exited
      if (exit.kind === 'exited') expect(Number.isInteger(exit.code)).toBe(true)
      else expect(exit.error).toBeInstanceOf(KcapError)
      remote.kill()
    }
    expect(unexpected).toEqual([])
  },
  5_000,
)
