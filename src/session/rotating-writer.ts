import type { Rotation } from '../base/capture-request.ts'
import { type Clock, monotonicClock } from '../base/clock.ts'
import type { FileFigures } from '../base/file-figures.ts'
import { capturedLength, type PacketRun } from '../base/packet.ts'
import { splitKeyLines, takeNewestKeyLines } from '../packets/key-log.ts'
import type { InterfaceStatistics } from '../packets/pcapng-writer.ts'
import type { CaptureWriter, OutputInterface } from './capture-writer.ts'
import { makeTimeSpan, type TimeSpan } from './time-span.ts'

/** Maximum length of keys, and of names, that each file repeats: the newest. Older ones belong to conversations that are probably over. */
const maxRepeatedLength = 4 * 1024 * 1024
/** Approximate size of an interface block without its texts. */
const interfaceOverhead = 128
/** Maximum number of bytes that a block of keys needs in addition to the keys. */
const secretsOverhead = 32
/** Approximate size of a resolved name. */
const nameLength = 64

/** An interface as each file with its packets describes it. */
interface KnownInterface {
  readonly described: OutputInterface
  /** Length of its interface block; an estimate until one is written. */
  length: number
}

/** A file, and its interface for each source. */
interface OpenFile {
  readonly writer: CaptureWriter
  readonly interfaces: Map<number, { readonly id: number; delivered: number }>
  readonly span: TimeSpan
  /** Time of its first packet. */
  begunMs: number
  dropped: number | undefined
}

/** Files of a rotating writer. */
export interface FileSeries {
  /** Opens the next file, and closes the previous one, which `finished` describes. */
  openNext(finished?: FileFigures): Promise<CaptureWriter>
  /** Packets and bytes of the finished files that still exist. */
  readonly kept: { readonly packets: number; readonly bytes: number }
}

export interface RotatingWriter extends CaptureWriter {
  /** Contents of the current file. */
  describeFile(): FileFigures
}

/**
 * Makes a writer that spreads a capture over consecutive files. Each file is complete by itself: it has the interfaces with packets in
 * it, the known names and secrets, and its own statistics at the end. A file begins with its first packet, so no file is empty.
 */
export async function makeRotatingWriter(
  limits: Rotation,
  series: FileSeries,
  clock: Pick<Clock, 'nowMs'> = monotonicClock,
): Promise<RotatingWriter> {
  // Keep most of a file for packets.
  const maxKeptLength = Math.min(maxRepeatedLength, (limits.fileBytes ?? Number.POSITIVE_INFINITY) / 8)
  const begin = (writer: CaptureWriter): OpenFile => ({
    writer,
    interfaces: new Map(),
    span: makeTimeSpan(),
    begunMs: clock.nowMs(),
    dropped: undefined,
  })
  let file = begin(await series.openNext())
  let isFirst = true
  const before = { header: 0, packets: 0 }
  const interfaces: KnownInterface[] = []
  const names = new Map<string, string>()
  /** The newest secrets that have arrived, and the newest that are in no file yet. */
  let secrets = ''
  let freshSecrets = ''
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
  const hasPackets = () => [...file.interfaces.values()].some(({ delivered }) => delivered > 0)
  /** Returns the bytes left for packets; the statistics at the end need some too. */
  const room = () => {
    if (limits.fileBytes === undefined) return Number.POSITIVE_INFINITY
    const { written, statisticsLength } = file.writer
    return limits.fileBytes - written.header - written.packets - file.interfaces.size * statisticsLength
  }
  const isOver = () => limits.fileMs !== undefined && clock.nowMs() - file.begunMs >= limits.fileMs && hasPackets()
  const isKnown = ({ interfaceId }: PacketRun) => file.interfaces.has(interfaceId)
  const put = (runs: readonly PacketRun[]) => {
    if (!hasPackets()) file.begunMs = clock.nowMs()
    const here = runs.map((run) => {
      const known = file.interfaces.get(run.interfaceId)
      if (known === undefined) throw new Error(`the file has no interface ${run.interfaceId}`)
      known.delivered += run.to - run.from
      file.span.note(run)
      return { ...run, interfaceId: known.id }
    })
    return file.writer.writeRuns(here)
  }

  async function addInterface(interfaceId: number): Promise<void> {
    const known = interfaces[interfaceId]
    if (known === undefined) throw new Error(`there is no interface ${interfaceId}`)
    const { header } = file.writer.written
    const id = await file.writer.addInterface(known.described)
    if (file.interfaces.size > 0) known.length = file.writer.written.header - header
    const isFirstInterface = file.interfaces.size === 0
    file.interfaces.set(interfaceId, { id, delivered: 0 })
    if (isFirstInterface) await addKnown()
  }

  /** Writes the names and keys that are known; only the newest, so that most of the file is for packets. */
  async function addKnown(): Promise<void> {
    await file.writer.addNames([...names].map(([address, name]) => ({ address, name })))
    // Both end with the newest keys.
    const known = freshSecrets.length > secrets.length ? freshSecrets : secrets
    freshSecrets = ''
    for (const lines of splitKeyLines(known)) await file.writer.addTlsSecrets(lines)
  }

  /** Finishes the file. `statistics` are those of the whole capture; undefined before its end, when only the packets are counted. */
  async function finishFile(statistics: readonly InterfaceStatistics[] | undefined): Promise<boolean> {
    const endNs = BigInt(Date.now()) * 1_000_000n
    const startNs = endNs - BigInt(Math.round(clock.nowMs() - file.begunMs)) * 1_000_000n
    const unknown = { startNs, endNs, received: undefined, dropped: undefined }
    file.dropped = statistics === undefined ? undefined : sumDropped(statistics)
    return await file.writer.finish(
      [...file.interfaces].map(([interfaceId, { id, delivered }]) => ({
        ...(statistics?.find((each) => each.interfaceId === interfaceId) ?? unknown),
        interfaceId: id,
        delivered,
      })),
    )
  }

  function describeFile(): FileFigures {
    const { writer, span, dropped } = file
    return {
      packets: writer.savedPackets,
      bytes: writer.savedBytes,
      firstNs: span.firstNs,
      lastNs: span.lastNs,
      interfaces: [...file.interfaces.keys()].map((id) => interfaces[id]?.described.name ?? ''),
      dropped,
    }
  }

  async function rotate(): Promise<void> {
    await finishFile(undefined)
    const next = await series.openNext(describeFile())
    const { written } = file.writer
    before.header += written.header
    before.packets += written.packets
    isFirst = false
    file = begin(next)
  }

  /** Adds the interface of a run to the file that gets the run's first packet. */
  async function placeInterface({ interfaceId, batch, from }: PacketRun): Promise<void> {
    const { packetOverhead, statisticsLength } = file.writer
    const needed =
      (interfaces[interfaceId]?.length ?? 0) + statisticsLength + packetOverhead + capturedLength(batch, from)
    if (hasPackets() && room() < needed) await rotate()
    await addInterface(interfaceId)
  }

  async function putInTurn(runs: readonly PacketRun[]): Promise<boolean> {
    let left = runs
    while (left.length > 0) {
      if (isOver()) await rotate()
      const [first] = left as readonly [PacketRun]
      if (!isKnown(first)) await placeInterface(first)
      const foreign = left.findIndex((run) => !isKnown(run))
      const here = foreign < 0 ? left : left.slice(0, foreign)
      const [fitting, rest] = splitRuns(here, room(), file.writer.packetOverhead)
      if (fitting.length === 0 && hasPackets()) {
        await rotate()
        continue
      }
      // A packet that fits no file at all gets a file of its own.
      const [now, later] = fitting.length > 0 ? [fitting, rest] : splitBefore(here, 0, first.from + 1)
      if (!(await put(now))) return false
      left = [...later, ...left.slice(here.length)]
    }
    return true
  }

  return {
    describeFile,
    begin: () => takeTurn(() => file.writer.begin()),
    addInterface: (described) =>
      takeTurn(async () => {
        const length = interfaceOverhead + 2 * (described.name.length + described.description.length)
        // A header of its own: the reader's may still change.
        interfaces.push({ described: { ...described, header: { ...described.header } }, length })
        return interfaces.length - 1
      }),
    addNames: (added) =>
      takeTurn(async () => {
        for (const { address, name } of added) names.set(address, name)
        for (const [address] of names) {
          if (names.size * nameLength <= maxKeptLength) break
          names.delete(address)
        }
        if (file.interfaces.size > 0) await file.writer.addNames(added)
      }),
    addTlsSecrets: (lines) =>
      takeTurn(async () => {
        secrets = takeNewestKeyLines(secrets + lines, maxKeptLength)
        const fits = file.interfaces.size > 0 && room() >= lines.length + secretsOverhead
        if (fits) return await file.writer.addTlsSecrets(lines)
        // The next file begins with them.
        freshSecrets = takeNewestKeyLines(freshSecrets + lines, 4 * maxKeptLength)
        if (hasPackets()) await rotate()
      }),
    writeRuns(runs) {
      if (queued > 0 || isOver() || !runs.every(isKnown)) return takeTurn(() => putInTurn(runs))
      const [, rest] = splitRuns(runs, room(), file.writer.packetOverhead)
      return rest.length === 0 ? put(runs) : takeTurn(() => putInTurn(runs))
    },
    finish: (statistics) =>
      takeTurn(async () => {
        // A capture without packets still shows which interfaces it looked at.
        if (file.interfaces.size === 0 && isFirst)
          for (const interfaceId of interfaces.keys()) await addInterface(interfaceId)
        return await finishFile(statistics)
      }),
    get written() {
      const { header, packets } = file.writer.written
      return { header: before.header + header, packets: before.packets + packets }
    },
    get savedPackets() {
      return series.kept.packets + file.writer.savedPackets
    },
    get savedBytes() {
      return series.kept.bytes + file.writer.savedBytes
    },
    get endsIn2106() {
      return file.writer.endsIn2106
    },
    get packetOverhead() {
      return file.writer.packetOverhead
    },
    get statisticsLength() {
      return file.writer.statisticsLength
    },
  }
}

/** Returns the packets that all sources together dropped; undefined when one did not count. */
function sumDropped(statistics: readonly InterfaceStatistics[]): number | undefined {
  const counted = statistics.flatMap(({ dropped }) => (dropped === undefined ? [] : [dropped]))
  return counted.length === 0 ? undefined : counted.reduce((sum, dropped) => sum + dropped, 0)
}

type Split = [readonly PacketRun[], readonly PacketRun[]]

/** Returns the packets that fit into `roomBytes`, and the packets after them. */
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

/** Returns the packets before a row of a run, and those from that row on. */
function splitBefore(runs: readonly PacketRun[], i: number, row: number): Split {
  const { comment, ...run } = runs[i] as PacketRun
  if (row === run.from) return [runs.slice(0, i), runs.slice(i)]
  const before = comment === undefined ? run : { ...run, comment }
  return [
    [...runs.slice(0, i), { ...before, to: row }],
    [...(row < run.to ? [{ ...run, from: row }] : []), ...runs.slice(i + 1)],
  ]
}
