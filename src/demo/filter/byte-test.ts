import { syntaxError, type TokenReader } from './filter-tokens.ts'
import type { PacketTest, PacketView } from './packet-view.ts'

/** `tcp[tcpflags] & (tcp-syn|tcp-fin) != 0`, `icmp[0] = 3`, `len > 100`: one value, one mask, one comparison. */
const names: Readonly<Record<string, number>> = {
  tcpflags: 13,
  icmptype: 0,
  icmpcode: 1,
  'tcp-fin': 1,
  'tcp-syn': 2,
  'tcp-rst': 4,
  'tcp-push': 8,
  'tcp-ack': 16,
  'tcp-urg': 32,
  'icmp-echoreply': 0,
  'icmp-unreach': 3,
  'icmp-echo': 8,
}
const protocolNumbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17 }

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
}

/** undefined when no such test starts here. */
export function parseByteTest(reader: TokenReader): PacketTest | undefined {
  const isLength = reader.peek() === 'len' || reader.peek() === 'length'
  if (!isLength && reader.peek(1) !== '[') return undefined
  const value = isLength ? readLength(reader) : readAccess(reader)
  let mask = 0xffffffff
  if (reader.peek() === '&') {
    reader.next()
    mask = readMask(reader)
  }
  const compare = comparisons[reader.next()]
  if (compare === undefined) throw syntaxError()
  const wanted = readNumber(reader.next())
  return (view) => {
    const found = value(view)
    return found !== undefined && compare((found & mask) >>> 0, wanted)
  }
}

function readLength(reader: TokenReader): (view: PacketView) => number {
  reader.next()
  return (view) => view.length
}

function readAccess(reader: TokenReader): (view: PacketView) => number | undefined {
  const protocol = reader.next()
  const number = protocolNumbers[protocol]
  if (number === undefined && protocol !== 'ip') throw syntaxError()
  reader.next()
  const [offsetText = '', sizeText = '1'] = reader.next().split(':')
  if (reader.next() !== ']') throw syntaxError()
  const offset = readNumber(offsetText)
  const size = readNumber(sizeText)
  if (size !== 1 && size !== 2 && size !== 4) throw syntaxError()
  return (view) => {
    if (number === undefined ? !view.isIp : view.protocol !== number) return undefined
    const start = (number === undefined ? 0 : view.transportOffset) + offset
    return start + size <= view.bytes.length ? view.bytes.readUIntBE(start, size) : undefined
  }
}

function readMask(reader: TokenReader): number {
  if (reader.peek() !== '(') return readNumber(reader.next())
  reader.next()
  let mask = readNumber(reader.next())
  while (reader.peek() === '|') {
    reader.next()
    mask |= readNumber(reader.next())
  }
  if (reader.next() !== ')') throw syntaxError()
  return mask
}

function readNumber(text: string): number {
  const named = names[text]
  if (named !== undefined) return named
  if (!/^(?:0x[0-9a-f]+|\d+)$/i.test(text)) throw syntaxError()
  return Number(text)
}
