import type { SeededRandom } from '../random/seeded-random.ts'
import { formatHttpRequest, formatHttpResponse, type HttpRequest } from './http.ts'
import { endsWith, loopbackEnds, type Scene } from './scene.ts'
import type { Tap } from './tap.ts'
import { openTcp } from './tcp-conversation.ts'

const serverSoftware = 'envoy'
const lanRoundTripMs = 0.46

/** Sends several orders over one connection. */
export function browseOrders(tap: Tap, scene: Scene, requestCount: number): void {
  const tcp = openTcp(tap, endsWith(scene, scene.http), 0, lanRoundTripMs)
  tcp.handshake()
  for (let i = 0; i < requestCount; i++) {
    const orderId = 40_000 + tap.random.integer(9999)
    tcp.send('client', formatHttpRequest(get(tap.random, scene, `/orders/${orderId}`)))
    tcp.wait(2 + tap.random.integer(9))
    tcp.send('server', formatHttpResponse(200, serverSoftware, makeOrder(tap.random, orderId)))
    tcp.wait(15 + tap.random.integer(30))
  }
  tcp.close('client')
}

export function placeOrder(tap: Tap, scene: Scene): void {
  const orderId = 50_000 + tap.random.integer(9999)
  const tcp = openTcp(tap, endsWith(scene, scene.http), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.send(
    'client',
    formatHttpRequest({
      ...get(tap.random, scene, '/orders'),
      method: 'POST',
      body: { customer: `c-${tap.random.integer(900)}`, items: makeItems(tap.random) },
    }),
  )
  tcp.wait(11)
  tcp.send('server', formatHttpResponse(201, serverSoftware, { id: orderId, status: 'accepted' }))
  tcp.close('client')
}

/** Sends one failing request, with a response body that explains why. */
export function failingRequest(tap: Tap, scene: Scene, status: 404 | 500): void {
  const orderId = 90_000 + tap.random.integer(999)
  const isMissing = status === 404
  const tcp = openTcp(tap, endsWith(scene, scene.http), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.send(
    'client',
    formatHttpRequest(get(tap.random, scene, isMissing ? `/orders/${orderId}` : `/orders/${orderId}/invoice`)),
  )
  tcp.wait(isMissing ? 3 : 31)
  tcp.send(
    'server',
    formatHttpResponse(
      status,
      serverSoftware,
      isMissing
        ? {
            error: 'not_found',
            message: `no order ${orderId}`,
            hint: 'the id is older than the archive limit of 90 days',
          }
        : {
            error: 'internal',
            message: 'pool exhausted: 20 of 20 connections to db:5432 in use',
            trace: tap.random.bytes(8).toString('hex'),
          },
    ),
  )
  tcp.close('server')
}

/** Sends a request that is lost and retransmitted. */
export function retransmittedRequest(tap: Tap, scene: Scene): void {
  const orderId = 40_000 + tap.random.integer(9999)
  const tcp = openTcp(tap, endsWith(scene, scene.http), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.sendTwice('client', formatHttpRequest(get(tap.random, scene, `/orders/${orderId}?expand=items`)))
  tcp.wait(5)
  tcp.send('server', formatHttpResponse(200, serverSoftware, makeOrder(tap.random, orderId)))
  tcp.close('client')
}

/** Sends a 200 OK that takes 1.2 s: the one to find with `http.time > 1`. */
export function slowReport(tap: Tap, scene: Scene): void {
  const tcp = openTcp(tap, endsWith(scene, scene.http), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.send('client', formatHttpRequest(get(tap.random, scene, '/reports/daily')))
  tcp.wait(1200)
  tcp.send(
    'server',
    formatHttpResponse(200, serverSoftware, {
      day: '2026-11-21',
      orders: 18_211,
      rowsScanned: 48_211_930,
      index: null,
    }),
  )
  tcp.close('client')
}

/** Sends a response to a slow reader: it stops at a zero window and resumes 340 ms later. */
export function stalledDownload(tap: Tap, scene: Scene): void {
  const windowBytes = 7040
  const tcp = openTcp(tap, endsWith(scene, scene.http), 0, lanRoundTripMs)
  tcp.handshake()
  tcp.setWindow('client', windowBytes)
  tcp.send('client', formatHttpRequest(get(tap.random, scene, '/orders/export')))
  tcp.wait(8)
  const orders = Array.from({ length: 220 }, (_, i) => ({
    id: 40_000 + i,
    total: tap.random.integer(50_000) / 100,
    status: 'shipped',
  }))
  const response = formatHttpResponse(200, serverSoftware, { orders, count: orders.length })
  tcp.send('server', response.subarray(0, windowBytes), { acknowledge: false })
  tcp.setWindow('client', 0)
  tcp.acknowledge('client')
  tcp.wait(340)
  tcp.setWindow('client', 64_256)
  tcp.acknowledge('client')
  tcp.send('server', response.subarray(windowBytes))
  tcp.close('client')
}

/** Connects to a port on which nobody listens. */
export function refusedConnection(tap: Tap, scene: Scene): void {
  openTcp(tap, endsWith(scene, { ...scene.http, port: 9090 }), 0, lanRoundTripMs).refused()
}

/** Sends a request from container to container inside the pod. */
export function proxiedRequest(tap: Tap, scene: Scene): void {
  const orderId = 40_000 + tap.random.integer(9999)
  const tcp = openTcp(tap, loopbackEnds(scene), 0, 0.05)
  tcp.handshake()
  tcp.send(
    'client',
    formatHttpRequest({
      ...get(tap.random, scene, `/orders/${orderId}`),
      host: '127.0.0.1:8080',
      userAgent: 'envoy/1.35',
    }),
  )
  tcp.wait(3)
  tcp.send('server', formatHttpResponse(200, 'orders-api', makeOrder(tap.random, orderId)))
  tcp.close('client')
}

function get(random: SeededRandom, scene: Scene, path: string): HttpRequest {
  return {
    method: 'GET',
    host: scene.http.serverName,
    path,
    userAgent: 'web/5.8 (node)',
    requestId: random.bytes(8).toString('hex'),
  }
}

function makeOrder(random: SeededRandom, id: number): object {
  return {
    id,
    customer: `c-${random.integer(900)}`,
    status: random.pick(['new', 'paid', 'shipped']),
    currency: 'EUR',
    items: makeItems(random),
  }
}

function makeItems(random: SeededRandom): object[] {
  return Array.from({ length: 1 + random.integer(4) }, () => ({
    sku: `SKU-${1000 + random.integer(8999)}`,
    quantity: 1 + random.integer(3),
    price: random.integer(20_000) / 100,
  }))
}
