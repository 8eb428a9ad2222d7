import type { KcapError } from '../base/kcap-error.ts'
import { capturedLength, type PacketRun } from '../base/packet.ts'
import type { SourceEnd } from '../base/packet-source.ts'
import type { InterfaceStatistics } from '../packets/pcapng-writer.ts'
import type { EndReason } from './ending.ts'

/** Live figures of one source. */
export interface SourceFigures {
  readonly name: string
  readonly state: 'starting' | 'capturing' | 'ended' | 'failed'
  readonly packets: number
  /** Bytes of packets, without what the file adds. */
  readonly bytes: number
  /** What the far side says of it: written into the stream, passed by the filter, lost by the kernel. */
  readonly captured: number | undefined
  readonly received: number | undefined
  readonly dropped: number | undefined
  /** After the start of the capture; 0 for those that were there from the start. */
  readonly joinedMs: number
  /** How often it broke off and was taken up again. */
  readonly gaps: number
  readonly error: KcapError | undefined
}

export interface SourceProgress {
  readonly figures: SourceFigures
  /** When it first captured; 0 before. */
  readonly startNs: bigint
  /** It captures, for the first time or again. */
  begin(): void
  add(run: PacketRun): void
  finish(end: SourceEnd): void
  fail(error: KcapError): void
  /** The capture ended before this source had begun, or had begun again. */
  cancel(): void
}

export interface SessionProgress {
  readonly outputName: string
  readonly startedMs: number
  sources(): readonly SourceFigures[]
  packets(): number
}

export interface SessionSummary {
  readonly outputName: string
  /** The files it is in, the oldest first. */
  readonly files: readonly string[]
  readonly endedBy: EndReason
  readonly sources: readonly SourceFigures[]
  /** All that were captured. */
  readonly packets: number
  /** Packets in the files that still exist. */
  readonly savedPackets: number
  readonly outputBytes: number
  readonly elapsedMs: number
  /** Why a source failed; undefined when all captured to the end. */
  readonly error: KcapError | undefined
}

export interface MutableSessionProgress extends SessionProgress {
  /** `isLate`: it comes after the start. */
  addSource(name: string, isLate: boolean): SourceProgress
  /** Of the interfaces of the output, by their ids. */
  statistics(interfaces: readonly SourceProgress[]): InterfaceStatistics[]
  summarize(
    endedBy: EndReason,
    output: {
      readonly name: string
      readonly files: readonly string[]
      readonly packets: number
      readonly bytes: number
    },
  ): SessionSummary
}

export function makeProgress(outputName: string): MutableSessionProgress {
  const startedMs = Date.now()
  const all: SourceProgress[] = []
  const sources = () => all.map(({ figures }) => figures)
  const packets = () => sources().reduce((sum, source) => sum + source.packets, 0)
  return {
    outputName,
    startedMs,
    sources,
    packets,
    addSource(name, isLate) {
      const source = makeSource(name, isLate ? Date.now() - startedMs : 0)
      all.push(source)
      return source
    },
    statistics(interfaces) {
      const endNs = nowNs()
      return interfaces.map(({ figures, startNs }, interfaceId) => ({
        interfaceId,
        startNs,
        endNs,
        delivered: figures.packets,
        received: figures.received,
        dropped: figures.dropped,
      }))
    },
    summarize(endedBy, output) {
      return {
        outputName: output.name,
        files: output.files,
        endedBy,
        sources: sources(),
        packets: packets(),
        savedPackets: output.packets,
        outputBytes: output.bytes,
        elapsedMs: Date.now() - startedMs,
        error: sources().find(({ error }) => error !== undefined)?.error,
      }
    },
  }
}

function makeSource(name: string, joinedMs: number): SourceProgress {
  const figures: { -readonly [Key in keyof SourceFigures]: SourceFigures[Key] } = {
    name,
    state: 'starting',
    packets: 0,
    bytes: 0,
    captured: undefined,
    received: undefined,
    dropped: undefined,
    joinedMs,
    gaps: 0,
    error: undefined,
  }
  let startNs = 0n
  let isFirstEnd = true
  return {
    figures,
    get startNs() {
      return startNs
    },
    begin() {
      if (startNs === 0n) startNs = nowNs()
      else figures.gaps += 1
      figures.state = 'capturing'
      figures.error = undefined
    },
    add({ batch, from, to }: PacketRun) {
      figures.packets += to - from
      for (let i = from; i < to; i++) figures.bytes += capturedLength(batch, i)
    },
    finish({ statistics, error }: SourceEnd) {
      // Of a capture that was taken up again, all runs together; unknown when one of them could not tell.
      for (const key of ['captured', 'received', 'dropped'] as const)
        figures[key] = isFirstEnd ? statistics[key] : add(figures[key], statistics[key])
      isFirstEnd = false
      figures.error = error === undefined ? undefined : slim(error)
      figures.state = error === undefined ? 'ended' : 'failed'
    },
    fail(error: KcapError) {
      figures.error = slim(error)
      figures.state = 'failed'
    },
    cancel() {
      figures.state = 'ended'
      figures.error = undefined
    },
  }
}

/** Reads its stack: until then V8 keeps what each frame was called on, as a WebSocket with all that it holds. */
function slim(error: KcapError): KcapError {
  for (let one: unknown = error; one instanceof Error; one = one.cause) void one.stack
  return error
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  const sum = (a ?? Number.NaN) + (b ?? Number.NaN)
  return Number.isSafeInteger(sum) ? sum : undefined
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}
