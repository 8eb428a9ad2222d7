import { sendArpExchange } from './arp.ts'
import { sendDnsLookup } from './dns.ts'
import { sendPortUnreachable } from './icmp.ts'
import { formatQuery, formatRows, formatSqlError, formatStartup, formatTerminate, formatWelcome } from './postgres.ts'
import { endsWith, type Scene } from './scene.ts'
import type { Tap } from './tap.ts'
import { openTcp, type TcpConversation } from './tcp-conversation.ts'
import {
  alertProtocolVersion,
  formatApplicationData,
  formatChangeCipherSpec,
  formatClientHello,
  formatEncryptedFinished,
  formatFatalAlert,
  formatTls12ResumedFlight,
  formatTls13ServerFlight,
} from './tls.ts'
import { sendDatagram } from './udp-datagram.ts'

const lanRoundTripMs = 0.52

/** Sends queries for A and AAAA at the same time, like musl and glibc. The cluster has no IPv6. */
export function lookUpService(tap: Tap, scene: Scene, service: string, address: string): void {
  const ends = endsWith(scene, scene.dns)
  const name = `${service}.${scene.namespace}.svc.cluster.local`
  sendDnsLookup(tap, ends, 0, { name, type: 'a', address })
  sendDnsLookup(tap, ends, 0.06, { name, type: 'aaaa' })
}

/** Sends lookups that show `ndots:5` at work: the search list comes first and returns NXDOMAIN. */
export function lookUpThroughSearchList(tap: Tap, scene: Scene): void {
  const name = 'ledger.example.com'
  sendDnsLookup(tap, endsWith(scene, scene.dns), 0, {
    name: `${name}.${scene.namespace}.svc.cluster.local`,
    type: 'a',
    isUnknown: true,
  })
  sendDnsLookup(tap, endsWith(scene, scene.dns), 2, { name: `${name}.cluster.local`, type: 'a', isUnknown: true })
  sendDnsLookup(tap, endsWith(scene, scene.dns), 4, { name, type: 'a', address: '203.0.113.44' })
}

/** Opens a connection to the TLS server, up to the client's hello. */
function openTls(tap: Tap, scene: Scene, hello: Parameters<typeof formatClientHello>[1]): TcpConversation {
  const tcp = openTcp(tap, endsWith(scene, scene.tls), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.send('client', formatClientHello(tap.random, hello))
  return tcp
}

export function tls13Exchange(tap: Tap, scene: Scene): void {
  const { random } = tap
  const sessionId = random.bytes(32)
  const tcp = openTls(tap, scene, {
    serverName: scene.tls.serverName,
    protocols: ['h2', 'http/1.1'],
    version: '1.3',
    sessionId,
  })
  tcp.wait(1.2)
  tcp.send('server', formatTls13ServerFlight(random, sessionId))
  tcp.wait(0.9)
  tcp.send('client', Buffer.concat([formatChangeCipherSpec(), formatApplicationData(random, 53)]))
  tcp.send('client', formatApplicationData(random, 180 + random.integer(200)))
  tcp.wait(12)
  tcp.send('server', formatApplicationData(random, 600 + random.integer(1800)))
  tcp.close('client')
}

/** Sends the session resumption of an older client. */
export function tls12Resumption(tap: Tap, scene: Scene): void {
  const { random } = tap
  const sessionId = random.bytes(32)
  const tcp = openTls(tap, scene, {
    serverName: scene.tls.serverName,
    protocols: ['http/1.1'],
    version: '1.2',
    sessionId,
  })
  tcp.wait(0.8)
  tcp.send('server', formatTls12ResumedFlight(random, sessionId))
  tcp.send(
    'client',
    Buffer.concat([formatChangeCipherSpec(), formatEncryptedFinished(random), formatApplicationData(random, 240)]),
  )
  tcp.wait(9)
  tcp.send('server', formatApplicationData(random, 720))
  tcp.close('server')
}

/** Sends the handshake of a client too old for the server, which answers with the fatal alert `protocol_version`. */
export function tlsRefusal(tap: Tap, scene: Scene): void {
  const tcp = openTls(tap, scene, {
    serverName: `legacy.${scene.tls.serverName}`,
    protocols: ['http/1.1'],
    version: '1.2',
    sessionId: Buffer.alloc(0),
  })
  tcp.wait(0.4)
  tcp.send('server', formatFatalAlert(alertProtocolVersion))
  tcp.close('server')
}

/** Sends one query that succeeds and one that fails. */
export function sqlSession(tap: Tap, scene: Scene): void {
  const { random } = tap
  const orderId = 40_000 + random.integer(9999)
  const tcp = openTcp(tap, endsWith(scene, scene.sql), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.send('client', formatStartup('orders', 'shop'), { acknowledge: false })
  tcp.wait(1)
  tcp.send('server', formatWelcome(random.integer(32_000), random.uint32() >> 1))
  tcp.send('client', formatQuery(`SELECT id, status, total FROM orders WHERE id = ${orderId}`), { acknowledge: false })
  tcp.wait(2)
  tcp.send('server', formatRows(['id', 'status', 'total'], [[String(orderId), 'paid', `${random.integer(400)}.90`]]))
  tcp.send('client', formatQuery(`INSERT INTO invoices (order_id) VALUES (${orderId})`), { acknowledge: false })
  tcp.wait(1)
  tcp.send('server', formatSqlError('23505', 'duplicate key value violates unique constraint "invoices_order_id_key"'))
  tcp.send('client', formatTerminate(), { acknowledge: false })
  tcp.close('client')
}

/** Sends metrics to a collector that is gone, which yields ICMP port unreachable. */
export function unansweredMetrics(tap: Tap, scene: Scene): void {
  const ends = endsWith(scene, { ...scene.http, self: 'client', port: 8125 })
  const metric = Buffer.from(`orders.latency:${tap.random.integer(300)}|ms\norders.open:${tap.random.integer(20)}|g`)
  const datagram = sendDatagram(tap, ends, 'client', 0, metric)
  sendPortUnreachable(tap, ends.server, ends.client, 0.35, datagram, false)
}

export function resolveGateway(tap: Tap, scene: Scene): void {
  sendArpExchange(tap, 0, scene.self, scene.gateway)
}
