import type { InterfaceOrigin, PacketStreamHeader } from '../base/packet.ts'
import { printable } from '../base/printable.ts'
import { type HeaderKind, makeHeaderKinds } from './header-kinds.ts'
import { optionCodes } from './pcapng-block.ts'
import { readOptionText, visitOptions } from './pcapng-options.ts'
import { defaultResolution, makeTimeWriter, type TimeWriter } from './pcapng-time.ts'
import { viewBytes } from './view-bytes.ts'

/** Maximum length of a name or description; a remote host may send thousands of them. */
const maxTextLength = 256
/** Maximum length of a capture filter. */
const maxFilterLength = 4_096

export interface PcapngInterface extends PacketStreamHeader {
  readonly name: string | undefined
  readonly description: string | undefined
  /** Capture filter of its packets. */
  readonly filter: string | undefined
}

/** Counts of the remote kernel for an interface; undefined when unknown. */
export interface InterfaceCounters {
  readonly received: number | undefined
  readonly dropped: number | undefined
}

/**
 * Makes the list of interfaces of all sections, in the order of their descriptions; each section counts its own from 0 again. `keepsOrigin`: headers
 * say which interface their packets are of.
 */
export function makeInterfaceList(defaultSnapLength: number, keepsOrigin: boolean) {
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
    /** Kinds of the interfaces' packets; interfaces with the same link type, frame check sequence and origin share one. */
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
      const { description } = parsed
      kinds.push(findKind(keepsOrigin ? { ...description, origin: originOf(description) } : description))
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

function originOf({ name = '', description = '', filter = '' }: PcapngInterface): InterfaceOrigin {
  return { name: printable(name), description: printable(description), filter: printable(filter) }
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
  let filter: string | undefined
  let resolution = defaultResolution
  let offsetSeconds = 0n
  let fcsBits: number | undefined
  const isWhole = visitOptions(view, 16, view.byteLength, littleEndian, (code, at, length) => {
    if (code === optionCodes.interfaceName) name = readOptionText(block, at, length, maxTextLength)
    else if (code === optionCodes.interfaceDescription) description = readOptionText(block, at, length, maxTextLength)
    // The first byte says that a filter string follows (draft §4.2).
    else if (code === optionCodes.interfaceFilter && block[at] === 0)
      filter = readOptionText(block, at + 1, length - 1, maxFilterLength)
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
    description: { ...header, name, description, filter },
    writeTime: makeTimeWriter(resolution, offsetSeconds),
  }
}

/** Parses an interface statistics block; returns undefined when an option does not end within the block (draft §4.6). */
function parseCounters(block: Buffer, littleEndian: boolean): InterfaceCounters | undefined {
  const view = viewBytes(block)
  let received: number | undefined
  let dropped: number | undefined
  const isWhole = visitOptions(view, 20, view.byteLength, littleEndian, (code, at, length) => {
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
