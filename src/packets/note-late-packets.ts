import { type PacketBatch, type PacketRun, packetRow } from '../base/packet.ts'

/** Adds a comment where packets follow later ones in the output, so that nobody takes the order of packets for the order of events. */
export type NoteLatePackets = (runs: readonly PacketRun[]) => readonly PacketRun[]

/**
 * Makes a function that must get all packets in the order they are written. The order may go back by up to `windowMs` without a comment. An interface
 * gets another comment only when its packets are twice as late as the last comment said.
 */
export function makeNoteLatePackets(windowMs: number): NoteLatePackets {
  let latestMs = Number.NEGATIVE_INFINITY
  const notedMs = new Map<number, number>()

  /** Returns the comment for a run; undefined when the run is in order, or its lateness is known. */
  function findLateness({ interfaceId, batch, from, to }: PacketRun): string | undefined {
    const lateMs = latestMs - timeMs(batch, from)
    latestMs = Math.max(latestMs, timeMs(batch, to - 1))
    if (lateMs <= windowMs || lateMs < 2 * (notedMs.get(interfaceId) ?? 0)) return undefined
    notedMs.set(interfaceId, lateMs)
    return `${(lateMs / 1000).toFixed(2)} s earlier than the packet above: it came late, or its host's clock is behind (reordercap sorts the file)`
  }

  return (runs) => {
    let noted: PacketRun[] | undefined
    for (const [i, run] of runs.entries()) {
      const lateness = findLateness(run)
      if (lateness === undefined) continue
      noted ??= [...runs]
      noted[i] = { ...run, comment: run.comment === undefined ? lateness : `${run.comment}; ${lateness}` }
    }
    return noted ?? runs
  }
}

function timeMs({ rows, upperSeconds = 0 }: PacketBatch, row: number): number {
  const at = row * packetRow.length
  const seconds = upperSeconds * 2 ** 32 + (rows[at + packetRow.seconds] as number)
  return seconds * 1000 + (rows[at + packetRow.nanoseconds] as number) / 1e6
}
