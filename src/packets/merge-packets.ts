import { type PacketBatch, type PacketRun, packetRow } from '../base/packet.ts'
import { makeHeadTournament } from './head-tournament.ts'
import { makeHeldBuffers } from './held-buffers.ts'

/** Maximum size of one `take`, which is written in one piece. */
const maxTakenBytes = 256 * 1024
/** Cost of a packet here in addition to its bytes: its row. */
const rowBytes = packetRow.length * 4
/** Decay of a source's lateness: the longer wait for a source that was late once lasts only a while. */
const spreadDecay = 0.95
/** Longest wait for a late source beyond the window. */
const longestHandOverMs = 2_000

/** Packets of several sources on their way to one stream, in order of time within a bounded window. */
export interface PacketMerger {
  /** Adds a source. A silent source holds the others back for the window, and no longer; a late one joins when it comes. */
  addSource(interfaceId: number): MergeInput
  /** Returns packets that may be written at `nowMs`, some at a time; none when those that wait must wait longer. */
  take(nowMs: number): PacketRun[]
  /** Returns when a waiting packet will be ready if nothing more arrives; undefined when none waits. */
  readyMs(): number | undefined
  /** Bytes of packets that wait here. */
  readonly queuedBytes: number
  /** Memory that the queued packets occupy: a buffer may hold more than the packets in it. */
  readonly heldBytes: number
}

export interface MergeInput {
  /**
   * Adds a batch that arrived at `nowMs`, by the clock of `take`. A comment belongs to its first packet. Packets of one input keep their order,
   * whatever their interface.
   */
  push(batch: PacketBatch, nowMs: number, comment?: string, interfaceId?: number): void
  /** Ends the source; packets that are here are still merged. */
  end(): void
  /** Bytes of its packets that wait here. */
  readonly queuedBytes: number
}

export interface MergeOptions {
  /** Time that a capture program's kernel may keep a packet. Other packets wait for it that long, from when they were captured. */
  readonly handOverMs: number
  /** Additional wait, for delays of connections and machines. Infinity: every packet waits until each source has a later one or has ended. */
  readonly windowMs: number
  /** Limit beyond which nothing waits, unless the window is infinite, so that a silent source can't make the others fill memory. */
  readonly maxQueuedBytes: number
}

interface QueuedBatch {
  readonly batch: PacketBatch
  readonly interfaceId: number
  /** Base from which the batch counts its seconds. */
  readonly baseSeconds: number
  readonly comment: string | undefined
}

interface Queue {
  /** Index in `queues`, and player in the tournament. */
  player: number
  /** Batches; those before `first` are undefined, so that their bytes are free. */
  readonly batches: (QueuedBatch | undefined)[]
  /** Index of the first batch in `batches`. */
  first: number
  /** Next row of the first batch. */
  row: number
  /** Shortest time from a packet's time stamp to its arrival: the connection, and the difference of the clocks. */
  leastLagMs: number
  /** Recent maximum of how much later than that its packets arrived. */
  lagSpreadMs: number
  queuedBytes: number
  isEnded: boolean
}

/**
 * Merges packets by time stamp. A packet is ready when every other source has a later one here, or when it has waited long enough. The wait counts
 * from when the packet was captured, not from its arrival, because the remote kernel hands packets over in blocks. Time stamps never change: when
 * clocks differ by more than the window, the order goes back by the difference.
 */
export function makePacketMerger({ handOverMs, windowMs, maxQueuedBytes }: MergeOptions): PacketMerger {
  const queues: Queue[] = []
  /** Heads in nanoseconds from the base. */
  const heads = makeHeadTournament()
  /** Number of sources that have no packet here and may still send one. */
  let awaitedCount = 0
  /** Wait of a packet for those sources; undefined when it must be computed again. */
  let knownHoldMs: number | undefined
  /** Base of the time stamps, from the first one: relative to it, a double holds nanoseconds for 104 days. */
  let baseSeconds = 0
  let isBased = false
  let queuedBytes = 0
  const buffers = makeHeldBuffers()
  const heldBytes = () => Math.max(queuedBytes, buffers.bytes)
  const toMs = (ns: number) => baseSeconds * 1000 + ns / 1e6
  const isEmpty = ({ batches, first }: Queue) => first === batches.length

  function addAwaited(change: 1 | -1): void {
    awaitedCount += change
    knownHoldMs = undefined
  }

  /** Drops the queue's first batch; returns the head of the next one. */
  function nextBatch(queue: Queue): number {
    buffers.release((queue.batches[queue.first] as QueuedBatch).batch.bytes)
    queue.batches[queue.first] = undefined
    queue.first += 1
    queue.row = 0
    if (queue.first > 32 && queue.first * 2 > queue.batches.length) {
      queue.batches.splice(0, queue.first)
      queue.first = 0
    }
    const next = queue.batches[queue.first]
    if (next !== undefined) return toNs(next.batch.rows, 0, next.baseSeconds)
    if (!queue.isEnded) addAwaited(1)
    return Number.POSITIVE_INFINITY
  }

  /**
   * Takes packets of the queue's first batch up to `limitNs`, but always the first one. A leading queue stops when another one leads. Returns the
   * bytes of the packets.
   */
  function takeRun(queue: Queue, limitNs: number, isLeading: boolean, maxBytes: number, runs: PacketRun[]): number {
    const { player, row: from } = queue
    const { batch, interfaceId, baseSeconds: batchBase, comment } = queue.batches[queue.first] as QueuedBatch
    const { rows, count } = batch
    let to = from
    let at = from * packetRow.length
    let bytes = 0
    let headNs = 0
    // When sources alternate, there is no need to know the second one.
    let secondNs = isLeading ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    const batchBytes = count * rowBytes + batch.capturedBytes
    // No other source has packets that could come between.
    const isWhole = queues.length === 1 && limitNs === Number.POSITIVE_INFINITY && from === 0 && batchBytes <= maxBytes
    if (isWhole) [to, bytes] = [count, batchBytes]
    while (to < count) {
      bytes += rowBytes + (rows[at + packetRow.capturedLength] as number)
      to += 1
      at += packetRow.length
      if (to === count) break
      headNs = toNs(rows, at, batchBase)
      if (headNs > limitNs || bytes >= maxBytes) break
      if (headNs <= secondNs) continue
      heads.set(player, headNs)
      const { winner } = heads
      if (heads.headOf(winner) < headNs) break
      secondNs = winner === player ? heads.secondNs() : headNs
    }
    queue.row = to
    heads.set(player, to < count ? headNs : nextBatch(queue))
    queuedBytes -= bytes
    queue.queuedBytes -= bytes
    const run = { interfaceId, batch, from, to }
    runs.push(comment !== undefined && from === 0 ? { ...run, comment } : run)
    return bytes
  }

  function arrange(): void {
    const headsNs = queues.map(({ player }) => (player < 0 ? Number.POSITIVE_INFINITY : heads.headOf(player)))
    for (const [player, queue] of queues.entries()) queue.player = player
    heads.restart(headsNs)
  }

  function forget(queue: Queue): void {
    queues.splice(queue.player, 1)
    arrange()
  }

  function findHoldMs(): number {
    let lateMs = handOverMs
    for (const queue of queues) if (isEmpty(queue)) lateMs = Math.max(lateMs, queue.lagSpreadMs)
    return Math.min(lateMs, longestHandOverMs) + windowMs
  }

  function holdMs(): number {
    knownHoldMs ??= findHoldMs()
    return knownHoldMs
  }

  const readyMsOf = ({ player, leastLagMs }: Queue) => toMs(heads.headOf(player)) + leastLagMs + holdMs()

  return {
    addSource(ownInterfaceId) {
      const queue: Queue = {
        player: -1,
        batches: [],
        first: 0,
        row: 0,
        leastLagMs: Number.POSITIVE_INFINITY,
        lagSpreadMs: 0,
        queuedBytes: 0,
        isEnded: false,
      }
      queues.push(queue)
      arrange()
      addAwaited(1)
      return {
        push(batch, nowMs, comment, interfaceId = ownInterfaceId) {
          const { rows, count, upperSeconds = 0 } = batch
          if (count === 0) return
          if (!isBased) baseSeconds = upperSeconds * 2 ** 32 + (rows[packetRow.seconds] as number)
          isBased = true
          const batchBase = baseSeconds - upperSeconds * 2 ** 32
          const firstNs = toNs(rows, 0, batchBase)
          const lastNs = toNs(rows, (count - 1) * packetRow.length, batchBase)
          queue.leastLagMs = Math.min(queue.leastLagMs, nowMs - toMs(lastNs))
          queue.lagSpreadMs = Math.max(nowMs - toMs(firstNs) - queue.leastLagMs, queue.lagSpreadMs * spreadDecay)
          const batchBytes = count * rowBytes + batch.capturedBytes
          queuedBytes += batchBytes
          queue.queuedBytes += batchBytes
          buffers.hold(batch.bytes)
          if (isEmpty(queue)) {
            heads.set(queue.player, firstNs)
            addAwaited(-1)
          }
          queue.batches.push({ batch, interfaceId, baseSeconds: batchBase, comment })
        },
        end() {
          if (queue.isEnded) return
          queue.isEnded = true
          if (!isEmpty(queue)) return
          addAwaited(-1)
          forget(queue)
        },
        get queuedBytes() {
          return queue.queuedBytes
        },
      }
    },
    take(nowMs) {
      const runs: PacketRun[] = []
      let room = maxTakenBytes
      while (room > 0) {
        const earliest = queues[heads.winner]
        if (earliest === undefined || isEmpty(earliest)) break
        let queue = earliest
        let limitNs = Number.POSITIVE_INFINITY
        if (awaitedCount > 0 && (windowMs === Number.POSITIVE_INFINITY || heldBytes() <= maxQueuedBytes)) {
          // A ready source does not wait for an earlier one whose clock is behind.
          const ready = readyMsOf(earliest) <= nowMs ? earliest : queues.find((other) => readyMsOf(other) <= nowMs)
          if (ready === undefined) break
          queue = ready
          limitNs = (nowMs - ready.leastLagMs - holdMs() - baseSeconds * 1000) * 1e6
        }
        room -= takeRun(queue, limitNs, queue === earliest, room, runs)
        if (queue.isEnded && isEmpty(queue)) forget(queue)
      }
      return runs
    },
    readyMs() {
      const earliestMs = Math.min(...queues.map(readyMsOf))
      return earliestMs === Number.POSITIVE_INFINITY ? undefined : earliestMs
    },
    get queuedBytes() {
      return queuedBytes
    },
    get heldBytes() {
      return heldBytes()
    },
  }
}

function toNs(rows: Uint32Array, at: number, baseSeconds: number): number {
  return ((rows[at + packetRow.seconds] as number) - baseSeconds) * 1e9 + (rows[at + packetRow.nanoseconds] as number)
}
