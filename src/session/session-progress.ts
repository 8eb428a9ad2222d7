import { type Clock, monotonicClock } from '../base/clock.ts'
import type { KcapError } from '../base/kcap-error.ts'
import { capturedBytesOf, type PacketRun } from '../base/packet.ts'
import type { SourceEnd } from '../base/packet-source.ts'
import type { UploadProgress } from '../capture/upload-tcpdump.ts'
import type { InterfaceStatistics } from '../packets/pcapng-writer.ts'
import type { SharedReader } from '../share/reader-list.ts'
import type { StopReason } from './session-stop.ts'

/** Live figures of one source. */
export interface SourceFigures {
  readonly name: string
  readonly state: 'starting' | 'capturing' | 'ended' | 'failed'
  readonly packets: number
  /** Bytes of packets, without what the file format adds. */
  readonly bytes: number
  /** Packets as the remote host counts them: written into the stream, passed by the filter, dropped by the kernel. */
  readonly captured: number | undefined
  readonly received: number | undefined
  readonly dropped: number | undefined
  /** Time between the start of the capture and the source's arrival; 0 for sources that were there from the start. */
  readonly joinedMs: number
  /** Number of times that the capture broke off and was resumed. */
  readonly gaps: number
  /** Upload of a program that the source needs; undefined when none is running. */
  readonly upload: UploadProgress | undefined
  /** How much of a recording has been read, and at most how much there is; undefined for everything else. */
  readonly read?: { readonly readBytes: number; readonly totalBytes: number }
  readonly error: KcapError | undefined
}

export interface SourceProgress {
  readonly figures: SourceFigures
  /** Whether it has ever captured. */
  readonly hasBegun: boolean
  /** Time since it first captured; 0 before. */
  ageMs(): number
  /** Notes that the source captures, for the first time or again. */
  begin(): void
  showUpload(upload: UploadProgress | undefined): void
  showRead(readBytes: number, totalBytes: number): void
  add(run: PacketRun): void
  finish(end: SourceEnd): void
  fail(error: KcapError): void
  /** Notes that the capture or the target ended before this source began, or began again. `reason` is the error of a target that ended. */
  cancel(reason?: KcapError): void
}

export interface SessionProgress {
  readonly outputName: string
  /** Time since the start. */
  elapsedMs(): number
  sources(): readonly SourceFigures[]
  packets(): number
}

export interface SessionSummary {
  readonly outputName: string
  /** Files of the output, the oldest first. */
  readonly files: readonly string[]
  readonly endedBy: StopReason
  readonly sources: readonly SourceFigures[]
  /** All packets that were captured. */
  readonly packets: number
  /** Packets in the files that still exist. */
  readonly savedPackets: number
  readonly outputBytes: number
  readonly elapsedMs: number
  /** Everybody who read the shared capture. */
  readonly readers: readonly SharedReader[]
  /** Error of a source that failed; undefined when all captured to the end. */
  readonly error: KcapError | undefined
}

export interface MutableSessionProgress extends SessionProgress {
  /** Adds a source. `isLate`: it joins after the start. */
  addSource(name: string, isLate: boolean): SourceProgress
  /**
   * Returns the statistics of the output's interfaces, indexed by interface id. The counts of the remote host are in those of a source's first
   * interface.
   */
  statistics(interfaces: readonly SourceProgress[], delivered: readonly number[]): InterfaceStatistics[]
  summarize(
    endedBy: StopReason,
    output: {
      readonly name: string
      readonly files: readonly string[]
      readonly packets: number
      readonly bytes: number
      readonly readers: readonly SharedReader[]
    },
  ): SessionSummary
}

export function makeProgress(outputName: string, clock: Clock = monotonicClock): MutableSessionProgress {
  const startedMs = clock.nowMs()
  const elapsedMs = () => clock.nowMs() - startedMs
  const all: SourceProgress[] = []
  const sources = () => all.map(({ figures }) => figures)
  const packets = () => sources().reduce((sum, source) => sum + source.packets, 0)
  return {
    outputName,
    elapsedMs,
    sources,
    packets,
    addSource(name, isLate) {
      const source = makeSource(name, isLate ? elapsedMs() : 0, clock)
      all.push(source)
      return source
    },
    statistics(interfaces, delivered) {
      const endNs = BigInt(Date.now()) * 1_000_000n
      const counted = new Set<SourceProgress>()
      return interfaces.map((source, interfaceId) => {
        const isFirst = !counted.has(source)
        counted.add(source)
        return {
          interfaceId,
          // The wall clock may have been set meanwhile.
          startNs: endNs - BigInt(Math.round(source.ageMs())) * 1_000_000n,
          endNs,
          delivered: delivered[interfaceId] ?? 0,
          received: isFirst ? source.figures.received : undefined,
          dropped: isFirst ? source.figures.dropped : undefined,
        }
      })
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
        readers: output.readers,
        elapsedMs: elapsedMs(),
        error: findError(sources()),
      }
    },
  }
}

/** Returns the error of the capture. A pod that was gone before it could be captured is a failure only when nothing else was captured. */
function findError(sources: readonly SourceFigures[]): KcapError | undefined {
  const failed = sources.find(({ state, error }) => state === 'failed' && error !== undefined)
  if (failed !== undefined) return failed.error
  return sources.every(({ error }) => error !== undefined) ? sources[0]?.error : undefined
}

function makeSource(name: string, joinedMs: number, clock: Clock): SourceProgress {
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
    upload: undefined,
    error: undefined,
  }
  let beganMs: number | undefined
  let isFirstEnd = true
  return {
    figures,
    get hasBegun() {
      return beganMs !== undefined
    },
    ageMs: () => (beganMs === undefined ? 0 : clock.nowMs() - beganMs),
    begin() {
      if (beganMs === undefined) beganMs = clock.nowMs()
      else figures.gaps += 1
      figures.state = 'capturing'
      figures.error = undefined
    },
    showUpload(upload) {
      figures.upload = upload
    },
    showRead(readBytes, totalBytes) {
      figures.read = { readBytes, totalBytes }
    },
    add(run: PacketRun) {
      figures.packets += run.to - run.from
      figures.bytes += capturedBytesOf(run)
    },
    finish({ statistics, error }: SourceEnd) {
      // A resumed capture has the sum of all its runs; it is unknown when one of them could not count.
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
    cancel(reason) {
      figures.state = 'ended'
      figures.error = beganMs !== undefined || reason === undefined ? undefined : slim(reason)
    },
  }
}

/** Reads the error's stack. Until then V8 keeps the receiver of each frame, such as a WebSocket with everything it holds. */
function slim(error: KcapError): KcapError {
  for (let one: unknown = error; one instanceof Error; one = one.cause) void one.stack
  return error
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  const sum = (a ?? Number.NaN) + (b ?? Number.NaN)
  return Number.isSafeInteger(sum) ? sum : undefined
}
