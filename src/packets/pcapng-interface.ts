import type { PacketStreamHeader } from '../base/packet.ts'
import { type HeaderKind, makeHeaderKinds } from './header-kinds.ts'
import { optionCodes, padded } from './pcapng-block.ts'
import { defaultResolution, makeTimeWriter, type TimeWriter } from './pcapng-time.ts'
import { viewBytes } from './view-bytes.ts'

/** Maximum length of a name or description; a remote host may send thousands of them. */
const maxTextLength = 256

export interface PcapngInterface extends PacketStreamHeader {
  readonly name: string | undefined
  readonly description: string | undefined
}

/** Counts of the remote kernel for an interface; undefined when unknown. */
export interface InterfaceCounters {
  readonly received: number | undefined
  readonly dropped: number | undefined
}

/** Makes the list of interfaces of all sections, in the order of their descriptions; each section counts its own from 0 again. */
export function makeInterfaceList(defaultSnapLength: number) {
  const descriptions: PcapngInterface[] = []
  const counters: InterfaceCounters[] = []
  const timeWriters: TimeWriter[] = []
  const kinds: HeaderKind[] = []
  const { find: findKind, raise, beginPush } = makeHeaderKinds()
  let firstOfSection = 0
  return {
    descriptions,
    counters,
    timeWriters,
    /** Kinds of the interfaces' packets; interfaces with the same link type and frame check sequence share one. */
    kinds,
    raise,
    beginPush,
    beginSection() {
      firstOfSection = descriptions.length
    },
    /** Returns the id over all sections of an interface in this one; undefined when nothing describes it. */
    find(idInSection: number): number | undefined {
      const id = firstOfSection + idInSection
      return id < descriptions.length ? id : undefined
    },
    /** Takes an interface description block without its trailing length; returns false when it can't be read. */
    add(block: Buffer, littleEndian: boolean): boolean {
      const parsed = parseInterface(block, littleEndian, defaultSnapLength)
      if (parsed === undefined) return false
      descriptions.push(parsed.description)
      kinds.push(findKind(parsed.description))
      timeWriters.push(parsed.writeTime)
      counters.push({ received: undefined, dropped: undefined })
      return true
    },
    /** Takes an interface statistics block without its trailing length; returns false when it can't be read. */
    addCounters(block: Buffer, littleEndian: boolean): boolean {
      const parsed = parseCounters(block, littleEndian)
      const id = this.find(littleEndian ? block.readUInt32LE(8) : block.readUInt32BE(8))
      // Counts for an unknown interface are ignored, as they cost nobody a packet.
      if (parsed !== undefined && id !== undefined) counters[id] = parsed
      return parsed !== undefined
    },
  }
}

/**
 * Parses an interface description block; returns undefined when an option does not end within the block.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.2
 */
function parseInterface(
  block: Buffer,
  littleEndian: boolean,
  defaultSnapLength: number,
): { description: PcapngInterface; writeTime: TimeWriter } | undefined {
  const view = viewBytes(block)
  let name: string | undefined
  let description: string | undefined
  let resolution = defaultResolution
  let offsetSeconds = 0n
  let fcsBits: number | undefined
  const isWhole = visitOptions(view, 16, littleEndian, (code, at, length) => {
    if (code === optionCodes.interfaceName) name = readText(block, at, length)
    else if (code === optionCodes.interfaceDescription) description = readText(block, at, length)
    else if (code === optionCodes.interfaceTimestampResolution && length === 1) resolution = view.getUint8(at)
    else if (code === optionCodes.interfaceFcsLength && length === 1) fcsBits = view.getUint8(at)
    else if (code === optionCodes.interfaceTimestampOffset && length === 8)
      offsetSeconds = view.getBigInt64(at, littleEndian)
  })
  if (!isWhole) return undefined
  const linkType = view.getUint16(8, littleEndian)
  const snapLength = view.getUint32(12, littleEndian) || defaultSnapLength
  const header = fcsBits === undefined ? { linkType, snapLength } : { linkType, snapLength, fcsBits }
  return {
    description: { ...header, name, description },
    writeTime: makeTimeWriter(resolution, offsetSeconds),
  }
}

/** Parses an interface statistics block; returns undefined when an option does not end within the block (draft §4.6). */
function parseCounters(block: Buffer, littleEndian: boolean): InterfaceCounters | undefined {
  const view = viewBytes(block)
  let received: number | undefined
  let dropped: number | undefined
  const isWhole = visitOptions(view, 20, littleEndian, (code, at, length) => {
    if (length !== 8) return
    if (code === optionCodes.statisticsReceived) received = toCount(view.getBigUint64(at, littleEndian))
    else if (code === optionCodes.statisticsDropped) dropped = toCount(view.getBigUint64(at, littleEndian))
  })
  return isWhole ? { received, dropped } : undefined
}

/** Returns a count of packets; undefined when it is impossibly high. */
function toCount(count: bigint): number | undefined {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : undefined
}

/**
 * Visits each option with the position of its value; returns false when one does not end within the block. The list may lack its end mark (draft
 * §3.5).
 */
function visitOptions(
  view: DataView,
  start: number,
  littleEndian: boolean,
  visit: (code: number, at: number, length: number) => void,
): boolean {
  for (let at = start; at < view.byteLength; ) {
    const code = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    if (code === optionCodes.endOfOptions) return true
    if (at + 4 + length > view.byteLength) return false
    visit(code, at + 4, length)
    at += 4 + padded(length)
  }
  return true
}

/** Reads a text, up to a zero byte if it has one against the draft. Cuts a long text at the end of a character. */
function readText(block: Buffer, at: number, length: number): string | undefined {
  let end = at + length
  if (length > maxTextLength) {
    end = at + maxTextLength
    while (end > at && ((block[end] ?? 0) & 0xc0) === 0x80) end--
  }
  return block.toString('utf8', at, end).split('\0', 1)[0] || undefined
}
