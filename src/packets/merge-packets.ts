import { type PacketBatch, type PacketRun, packetRow } from '../base/packet.ts'

/** What one `take` gives at most: what is written in one piece. */
const maxTakenBytes = 256 * 1024
/** What a packet costs here besides its bytes: its row. */
const rowBytes = packetRow.length * 4
/** A source that was late once is waited for longer, a while. */
const spreadDecay = 0.95
/** However late a source is, others don't wait for it longer than this beyond the window. */
const longestHandOverMs = 2_000

/** Packets of several sources on their way to one stream, in order of time within a bounded window. */
export interface PacketMerger {
  /** A source that is silent holds the others for the window, and no longer; one that is late joins when it comes. */
  addSource(interfaceId: number): MergeInput
  /** The packets that may be written at `nowMs`, some at a time; none when those that wait must wait longer. */
  take(nowMs: number): PacketRun[]
  /** When a waiting packet will be ready though nothing more comes; undefined when none waits. */
  readyMs(): number | undefined
  /** Bytes that wait here. */
  readonly queuedBytes: number
}

export interface MergeInput {
  /** `nowMs` is when the batch came, by the clock of `take`. A comment belongs to its first packet. */
  push(batch: PacketBatch, nowMs: number, comment?: string): void
  /** No more will come; what is here goes on. */
  end(): void
}

export interface MergeOptions {
  /** How long a capture program's kernel may keep a packet: others wait so long for it, from when they were captured. */
  readonly handOverMs: number
  /** How much longer they wait: for what connections and machines add. */
  readonly windowMs: number
  /** Beyond this nothing waits any longer, so that a source which is silent can't make the others fill memory. */
  readonly maxQueuedBytes: number
}

interface Queue {
  readonly interfaceId: number
  readonly batches: { readonly batch: PacketBatch; readonly comment: string | undefined }[]
  /** Of `batches`. */
  first: number
  /** Of the first batch. */
  row: number
  /** Of the next packet, in nanoseconds from the base; Infinity when none is here. */
  headNs: number
  /** The least time that a packet took from its time stamp to here: the way, and what the clocks differ. */
  leastLagMs: number
  /** How much later than that its packets came lately, at most. */
  lagSpreadMs: number
  isEnded: boolean
}

/**
 * Merges by time stamp. A packet is ready when every other source has a later one here, or when it has waited: since the far side's kernel
 * hands packets over in blocks, it counts from when the packet was captured, not from when it came. Time stamps are never changed: where
 * clocks differ by more than the window, the order goes back by what they differ.
 */
export function makePacketMerger({ handOverMs, windowMs, maxQueuedBytes }: MergeOptions): PacketMerger {
  const queues: Queue[] = []
  /** Time stamps relative to the first one fit a double to the nanosecond for 104 days. */
  let baseSeconds: number | undefined
  let queuedBytes = 0
  const toNs = (batch: PacketBatch, row: number) =>
    ((batch.rows[row * packetRow.length] as number) - (baseSeconds as number)) * 1e9 +
    (batch.rows[row * packetRow.length + packetRow.nanoseconds] as number)
  const toMs = (ns: number) => (baseSeconds as number) * 1000 + ns / 1e6

  function advance(queue: Queue, row: number): void {
    const head = queue.batches[queue.first]
    if (head !== undefined && row < head.batch.count) {
      queue.row = row
      queue.headNs = toNs(head.batch, row)
      return
    }
    queue.first += 1
    queue.row = 0
    if (queue.first > 32 && queue.first * 2 > queue.batches.length) {
      queue.batches.splice(0, queue.first)
      queue.first = 0
    }
    const next = queue.batches[queue.first]
    queue.headNs = next === undefined ? Number.POSITIVE_INFINITY : toNs(next.batch, 0)
  }

  /** Takes the packets of the queue's first batch up to `limitNs`, the first of them in any case. */
  function takeRun(queue: Queue, limitNs: number, maxBytes: number): { run: PacketRun; bytes: number } {
    const { batch, comment } = queue.batches[queue.first] as Queue['batches'][number]
    const from = queue.row
    let to = from
    let bytes = 0
    do {
      bytes += rowBytes + (batch.rows[to * packetRow.length + packetRow.capturedLength] as number)
      to += 1
    } while (to < batch.count && bytes < maxBytes && toNs(batch, to) <= limitNs)
    advance(queue, to)
    queuedBytes -= bytes
    const run = { interfaceId: queue.interfaceId, batch, from, to }
    return { run: comment !== undefined && from === 0 ? { ...run, comment } : run, bytes }
  }

  /** The queue with the earliest packet, and the earliest packet of the others. */
  function findEarliest(): { earliest: Queue | undefined; nextNs: number; isWaited: boolean } {
    let earliest: Queue | undefined
    let headNs = Number.POSITIVE_INFINITY
    let nextNs = Number.POSITIVE_INFINITY
    let isWaited = false
    for (const queue of queues) {
      if (queue.headNs === Number.POSITIVE_INFINITY) isWaited ||= !queue.isEnded
      else if (queue.headNs < headNs) {
        nextNs = headNs
        headNs = queue.headNs
        earliest = queue
      } else if (queue.headNs < nextNs) nextNs = queue.headNs
    }
    return { earliest, nextNs, isWaited }
  }

  function forget(queue: Queue): void {
    if (queue.isEnded && queue.headNs === Number.POSITIVE_INFINITY) queues.splice(queues.indexOf(queue), 1)
  }

  /** How long a packet waits for sources that have none here. */
  function findHoldMs(): number {
    let lateMs = handOverMs
    for (const { headNs, isEnded, lagSpreadMs } of queues)
      if (headNs === Number.POSITIVE_INFINITY && !isEnded) lateMs = Math.max(lateMs, lagSpreadMs)
    return Math.min(lateMs, longestHandOverMs) + windowMs
  }

  return {
    addSource(interfaceId) {
      const queue: Queue = {
        interfaceId,
        batches: [],
        first: 0,
        row: 0,
        headNs: Number.POSITIVE_INFINITY,
        leastLagMs: Number.POSITIVE_INFINITY,
        lagSpreadMs: 0,
        isEnded: false,
      }
      queues.push(queue)
      return {
        push(batch, nowMs, comment) {
          if (batch.count === 0) return
          baseSeconds ??= batch.rows[packetRow.seconds] as number
          queue.batches.push({ batch, comment })
          if (queue.headNs === Number.POSITIVE_INFINITY) queue.headNs = toNs(batch, 0)
          queue.leastLagMs = Math.min(queue.leastLagMs, nowMs - toMs(toNs(batch, batch.count - 1)))
          const spreadMs = nowMs - toMs(toNs(batch, 0)) - queue.leastLagMs
          queue.lagSpreadMs = Math.max(spreadMs, queue.lagSpreadMs * spreadDecay)
          queuedBytes += batch.count * rowBytes + sumCapturedLengths(batch)
        },
        end() {
          queue.isEnded = true
          forget(queue)
        },
      }
    },
    take(nowMs) {
      const runs: PacketRun[] = []
      let room = maxTakenBytes
      while (room > 0) {
        const { earliest, nextNs, isWaited } = findEarliest()
        if (earliest === undefined) break
        let queue = earliest
        let limitNs = nextNs
        if (isWaited && queuedBytes <= maxQueuedBytes) {
          const holdMs = findHoldMs()
          const readyMsOf = ({ headNs, leastLagMs }: Queue) => toMs(headNs) + leastLagMs + holdMs
          // One that is ready does not wait for an earlier one of a clock that is behind.
          const ready = readyMsOf(earliest) <= nowMs ? earliest : queues.find((other) => readyMsOf(other) <= nowMs)
          if (ready === undefined) break
          queue = ready
          const waitedNs = (nowMs - ready.leastLagMs - holdMs - (baseSeconds as number) * 1000) * 1e6
          limitNs = queue === earliest ? Math.min(nextNs, waitedNs) : waitedNs
        }
        const { run, bytes } = takeRun(queue, limitNs, room)
        runs.push(run)
        room -= bytes
        forget(queue)
      }
      return runs
    },
    readyMs() {
      const waiting = queues.filter(({ headNs }) => headNs !== Number.POSITIVE_INFINITY)
      if (waiting.length === 0) return undefined
      return Math.min(...waiting.map(({ headNs, leastLagMs }) => toMs(headNs) + leastLagMs)) + findHoldMs()
    },
    get queuedBytes() {
      return queuedBytes
    },
  }
}

function sumCapturedLengths({ rows, count }: PacketBatch): number {
  let sum = 0
  for (let at = packetRow.capturedLength; at < count * packetRow.length; at += packetRow.length)
    sum += rows[at] as number
  return sum
}
