import type { Rotation } from '../base/capture-request.ts'
import { capturedLength, type PacketRun } from '../base/packet.ts'
import type { InterfaceStatistics } from '../packets/pcapng-writer.ts'
import type { CaptureWriter, SourceDescription } from './capture-writer.ts'

/** Of keys and of names, the newest are repeated in each file: older ones are of conversations that hardly go on. */
const maxRepeatedLength = 4 * 1024 * 1024
/** What a name takes, about. */
const nameLength = 64

/**
 * A capture over files that follow each other, each complete by itself: interfaces, names and secrets that are known stand in each, and
 * its statistics at its end. `openNext` closes the file before. A file is begun with its first packet, so that none is empty.
 */
export async function makeRotatingWriter(
  limits: Rotation,
  openNext: () => Promise<CaptureWriter>,
): Promise<CaptureWriter> {
  // Most of a file is for packets.
  const maxKeptLength = Math.min(maxRepeatedLength, (limits.fileBytes ?? Number.POSITIVE_INFINITY) / 8)
  let writer = await openNext()
  /** When its first packet came. */
  let begunMs = Date.now()
  const before = { header: 0, packets: 0 }
  /** Packets of each file before this one that is kept. */
  const savedBefore: number[] = []
  const sources: { readonly source: SourceDescription; readonly description: string }[] = []
  const names = new Map<string, string>()
  let secrets: string[] = []
  /** Packets in this file, by interface. */
  let delivered: number[] = []
  let turn: Promise<unknown> = Promise.resolve()
  let queued = 0

  const takeTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    queued += 1
    const mine = turn.then(work).finally(() => {
      queued -= 1
    })
    turn = mine.catch(() => {})
    return mine
  }
  const countPackets = () => delivered.reduce((sum, count) => sum + (count ?? 0), 0)
  const room = () => {
    const { header, packets } = writer.written
    return limits.fileBytes === undefined ? Number.POSITIVE_INFINITY : limits.fileBytes - header - packets
  }
  const isOver = () => limits.fileMs !== undefined && Date.now() - begunMs >= limits.fileMs && countPackets() > 0
  const put = (runs: readonly PacketRun[]) => {
    if (countPackets() === 0) begunMs = Date.now()
    for (const { interfaceId, from, to } of runs) delivered[interfaceId] = (delivered[interfaceId] ?? 0) + to - from
    return writer.writeRuns(runs)
  }
  const withOwnCounts = (statistics: readonly InterfaceStatistics[]) =>
    statistics.map((each) => ({ ...each, delivered: delivered[each.interfaceId] ?? 0 }))

  async function rotate(): Promise<void> {
    const endNs = BigInt(Date.now()) * 1_000_000n
    const startNs = BigInt(begunMs) * 1_000_000n
    const known = sources.map((_, interfaceId) => ({
      interfaceId,
      startNs,
      endNs,
      received: undefined,
      dropped: undefined,
    }))
    await writer.finish(withOwnCounts(known.map((each) => ({ ...each, delivered: 0 }))))
    const next = await openNext()
    before.header += writer.written.header
    before.packets += writer.written.packets
    savedBefore.push(writer.savedPackets)
    if (savedBefore.length >= (limits.maxFiles ?? Number.POSITIVE_INFINITY)) savedBefore.shift()
    writer = next
    begunMs = Date.now()
    delivered = []
    await writer.addNames([...names].map(([address, name]) => ({ address, name })))
    for (const lines of secrets) await writer.addTlsSecrets(lines)
    for (const { source, description } of sources) await writer.addSource(source, description)
  }

  async function putInTurn(runs: readonly PacketRun[]): Promise<boolean> {
    let left = runs
    while (left.length > 0) {
      if (isOver()) await rotate()
      const [fitting, rest] = splitRuns(left, room(), writer.packetOverhead)
      if (fitting.length === 0 && countPackets() > 0) {
        await rotate()
        continue
      }
      // A packet that fits no file at all gets one of its own.
      const [now, later] = fitting.length > 0 ? [fitting, rest] : splitBefore(left, 0, (left[0]?.from ?? 0) + 1)
      if (!(await put(now))) return false
      left = later
    }
    return true
  }

  return {
    begin: () => takeTurn(() => writer.begin()),
    addSource: (source, description) =>
      takeTurn(async () => {
        // Not the source itself: it holds what it has read, long after its end.
        const { name, interfaceName, header } = source
        sources.push({ source: { name, interfaceName, header: { ...header } }, description })
        return await writer.addSource(source, description)
      }),
    addNames: (added) =>
      takeTurn(async () => {
        for (const { address, name } of added) names.set(address, name)
        for (const [address] of names) {
          if (names.size * nameLength <= maxKeptLength) break
          names.delete(address)
        }
        await writer.addNames(added)
      }),
    addTlsSecrets: (lines) =>
      takeTurn(async () => {
        secrets.push(lines)
        while (secrets.reduce((sum, { length }) => sum + length, 0) > maxKeptLength) secrets = secrets.slice(1)
        await writer.addTlsSecrets(lines)
      }),
    writeRuns(runs) {
      if (queued > 0 || isOver()) return takeTurn(() => putInTurn(runs))
      const [, rest] = splitRuns(runs, room(), writer.packetOverhead)
      return rest.length === 0 ? put(runs) : takeTurn(() => putInTurn(runs))
    },
    finish: (statistics) => takeTurn(() => writer.finish(withOwnCounts(statistics))),
    get written() {
      return { header: before.header + writer.written.header, packets: before.packets + writer.written.packets }
    },
    get savedPackets() {
      return savedBefore.reduce((sum, count) => sum + count, writer.savedPackets)
    },
    get packetOverhead() {
      return writer.packetOverhead
    },
  }
}

type Split = [readonly PacketRun[], readonly PacketRun[]]

/** The packets that fit into so many bytes, and those after them. */
function splitRuns(runs: readonly PacketRun[], roomBytes: number, packetOverhead: number): Split {
  if (roomBytes === Number.POSITIVE_INFINITY) return [runs, []]
  let left = roomBytes
  for (const [i, { batch, from, to }] of runs.entries()) {
    for (let row = from; row < to; row++) {
      left -= packetOverhead + capturedLength(batch, row)
      if (left < 0) return splitBefore(runs, i, row)
    }
  }
  return [runs, []]
}

/** The packets before a row of a run, and those from it on. */
function splitBefore(runs: readonly PacketRun[], i: number, row: number): Split {
  const { comment, ...run } = runs[i] as PacketRun
  if (row === run.from) return [runs.slice(0, i), runs.slice(i)]
  const before = comment === undefined ? run : { ...run, comment }
  return [
    [...runs.slice(0, i), { ...before, to: row }],
    [...(row < run.to ? [{ ...run, from: row }] : []), ...runs.slice(i + 1)],
  ]
}
