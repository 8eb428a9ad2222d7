import { writeFileSync } from 'node:fs'
import { formatPcap, type PlainPacket } from '../support/packets.ts'

const maxSegment = 1448
const linkHeaders = Buffer.from('02420a0100110242 0a01000b0800'.replace(' ', ''), 'hex')
const paths = ['/api/v1/orders', '/api/v1/customers', '/api/v2/stock', '/healthz', '/api/v1/payments/search']
const agents = ['python-requests/2.32.3', 'okhttp/4.12.0', 'Go-http-client/1.1', 'curl/8.5.0']
const words =
  'amber birch copper delta ember fjord garnet harbor indigo juniper kelp lagoon maple nectar onyx prairie quartz raven sable tundra umber velvet willow yarrow zephyr'.split(
    ' ',
  )
const states = ['pending', 'paid', 'shipped', 'delivered', 'returned']

/**
 * Writes a pcap of what services say to each other by HTTP/1.1: requests with headers, answers in JSON, acknowledgements. Ids, trace ids,
 * prices and names are by chance, the same for each seed. Returns how many packets there are.
 */
export function writeHttpCapture(file: string, bytes: number, seed: number): number {
  let state = seed
  const random = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const pick = (list: readonly string[]) => list[random(list.length)] ?? ''
  const hex = (length: number) => Array.from({ length }, () => random(16).toString(16)).join('')
  const packets: PlainPacket[] = []
  let [written, microseconds, sequence, acknowledged] = [0, 0, random(2 ** 32), random(2 ** 32)]

  function addSegment(text: string, toServer: boolean, port: number): void {
    const headers = Buffer.alloc(40)
    headers.writeUInt16BE(0x4500, 0)
    headers.writeUInt16BE(40 + text.length, 2)
    headers.writeUInt16BE(random(2 ** 16), 4)
    headers.writeUInt32BE(0x40004006, 6)
    headers.writeUInt16BE(random(2 ** 16), 10)
    headers.set(toServer ? [10, 1, 0, 17, 10, 1, 0, 11] : [10, 1, 0, 11, 10, 1, 0, 17], 12)
    headers.writeUInt16BE(toServer ? port : 8080, 20)
    headers.writeUInt16BE(toServer ? 8080 : port, 22)
    headers.writeUInt32BE(toServer ? sequence : acknowledged, 24)
    headers.writeUInt32BE(toServer ? acknowledged : sequence, 28)
    headers.writeUInt16BE(0x5018, 32)
    headers.writeUInt16BE(502, 34)
    headers.writeUInt16BE(random(2 ** 16), 36)
    if (toServer) sequence = (sequence + text.length) >>> 0
    else acknowledged = (acknowledged + text.length) >>> 0
    microseconds += 20 + random(400)
    const data = Buffer.concat([linkHeaders, headers, Buffer.from(text, 'latin1')])
    const nanoseconds = (microseconds % 1_000_000) * 1000 + random(1000)
    packets.push({
      seconds: 1_700_000_000 + Math.floor(microseconds / 1_000_000),
      nanoseconds,
      data,
      originalLength: data.length,
    })
    written += 16 + data.length
  }
  function addMessage(text: string, toServer: boolean, port: number): void {
    for (let at = 0; at < text.length; at += maxSegment) {
      addSegment(text.slice(at, at + maxSegment), toServer, port)
      if ((at / maxSegment) % 2 === 1) addSegment('', !toServer, port)
    }
  }

  while (written < bytes) {
    const port = 32_768 + random(28_000)
    const path = `${pick(paths)}/${random(1_000_000)}?expand=${pick(words)}`
    addMessage(
      `GET ${path} HTTP/1.1\r\nHost: orders.prod.svc.cluster.local:8080\r\nUser-Agent: ${pick(agents)}\r\nAccept: application/json\r\nAccept-Encoding: identity\r\ntraceparent: 00-${hex(32)}-${hex(16)}-01\r\nAuthorization: Bearer ${hex(64)}\r\nX-Request-Id: ${hex(32)}\r\n\r\n`,
      true,
      port,
    )
    const rows = Array.from({ length: 1 + random(30) }, () => ({
      id: hex(24),
      customer: `${pick(words)}-${pick(words)}`,
      email: `${pick(words)}.${random(10_000)}@example.com`,
      state: pick(states),
      total: { amount: random(1_000_000) / 100, currency: 'EUR' },
      items: Array.from({ length: 1 + random(3) }, () => ({ sku: hex(10).toUpperCase(), quantity: 1 + random(9) })),
      updatedAt: new Date(1_700_000_000_000 + random(10 ** 9)).toISOString(),
    }))
    const body = JSON.stringify({ data: rows, page: { size: rows.length, next: hex(16) } })
    addMessage(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nETag: W/"${hex(40)}"\r\nCache-Control: no-store\r\nServer: envoy\r\nx-envoy-upstream-service-time: ${random(200)}\r\n\r\n${body}`,
      false,
      port,
    )
    addSegment('', true, port)
  }
  writeFileSync(file, formatPcap(packets, { littleEndian: true, nanosecond: true }))
  return packets.length
}
