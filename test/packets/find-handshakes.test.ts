import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Server } from 'node:net'
import { connect, createServer, type SecureVersion } from 'node:tls'
import { expect, test } from 'vitest'
import { findHandshakes } from '../../src/packets/find-handshakes.ts'
import { makeServerCertificate } from '../../src/tls/self-signed-certificate.ts'
import { makeBatch } from '../support/packets.ts'

/** Returns one run of packets with these bytes; a given length is the original one. */
function runOf(...packets: (Buffer | readonly [Buffer, number])[]) {
  const batch = makeBatch(
    packets.map((packet) => {
      const [data, originalLength] = Buffer.isBuffer(packet) ? [packet, packet.length] : (packet as [Buffer, number])
      return { seconds: 1, nanoseconds: 0, data, originalLength }
    }),
  )
  return [{ interfaceId: 0, batch, from: 0, to: packets.length }]
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** Bytes that Node's own TLS client sends first, and the name of the session in its key log. */
async function shakeHands(maxVersion: SecureVersion) {
  const { certificate: cert, key } = makeServerCertificate()
  const server = createServer({ cert, key, maxVersion })
  const port = await listen(server)
  const sent: Buffer[] = []
  const relay = createTcpServer((near) => {
    const far = connectTcp(port, '127.0.0.1')
    near.on('data', (data) => sent.push(data))
    near.pipe(far).pipe(near)
  })
  const client = connect({ port: await listen(relay), host: '127.0.0.1', rejectUnauthorized: false })
  const [line] = (await once(client, 'keylog')) as [Buffer]
  client.destroy()
  server.close()
  relay.close()
  return { clientRandom: line.toString().split(' ')[1], hello: sent[0] as Buffer }
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'findHandshakes finds a ClientHello of %s under the client random of its keys',
  async (version) => {
    const { clientRandom, hello } = await shakeHands(version)
    const noise = Buffer.alloc(60, 0x16)
    const runs = runOf(noise, Buffer.concat([Buffer.alloc(54, 3), hello]), noise)
    expect(findHandshakes(runs)).toEqual({ clientRandoms: [clientRandom], hasQuic: false })
    // Only the rows of the run count.
    expect(findHandshakes(runs.map((run) => ({ ...run, from: 2, to: 3 }))).clientRandoms).toEqual([])
  },
)

test('findHandshakes finds a ClientHello of DTLS', () => {
  const random = Buffer.alloc(32, 0xab)
  const record = Buffer.from('16fefd0000000000000000007c', 'hex')
  const handshake = Buffer.from('010000700000000000000070fefd', 'hex')
  const { clientRandoms } = findHandshakes(runOf(Buffer.concat([Buffer.alloc(42), record, handshake, random])))
  expect(clientRandoms).toEqual([random.toString('hex')])
})

test('a ClientHello that the snap length cuts within its random names no session', () => {
  const cut = Buffer.concat([Buffer.from('160301020001000200', 'hex'), Buffer.from('0303', 'hex'), Buffer.alloc(31, 1)])
  expect(findHandshakes(runOf([cut, 500])).clientRandoms).toEqual([])
})

// RFC 9001 appendix A.2: the header of a client's Initial packet.
const initial = Buffer.from('c000000001088394c8f03e5157080000449e7b9aec34', 'hex')

test.each([
  ['a whole Initial packet', runOf(Buffer.concat([Buffer.alloc(42), initial, Buffer.alloc(1_180)])), true],
  ['an Initial packet that the snap length cuts', runOf([Buffer.concat([Buffer.alloc(42), initial]), 1_242]), true],
  ['a shorter packet', runOf(Buffer.concat([Buffer.alloc(42), initial, Buffer.alloc(300)])), false],
  ['zeros', runOf(Buffer.concat([Buffer.alloc(1_300), Buffer.from([1]), Buffer.alloc(1_300)])), false],
])('findHandshakes on %s sees QUIC: %s', (_name, runs, hasQuic) => {
  expect(findHandshakes(runs)).toEqual({ clientRandoms: [], hasQuic })
})
