import { type PacketBatch, type PacketStreamHeader, packetRow } from '../base/packet.ts'
import type { HeaderKind } from './header-kinds.ts'

/** Rows of a table, which many batches share: memory outside the heap is the costly part of a typed array. */
const tableRows = 4096

/** Consecutive packets of one interface in one buffer. */
export interface InterfacePackets {
  readonly interfaceId: number
  readonly header: PacketStreamHeader
  readonly batch: PacketBatch
}

/** Kinds of packets by interface id, and the function that raises the snap length of one. */
interface InterfaceKinds {
  readonly kinds: readonly HeaderKind[]
  raise(kind: HeaderKind): void
}

/** Makes a collector for packets of several interfaces, in order. A batch ends where the interface, its header or the buffer changes. */
export function makePacketRuns({ kinds, raise }: InterfaceKinds) {
  let table = new Uint32Array(0)
  let usedWords = 0
  let runStart = 0
  let runInterface = 0
  /** Sum of the captured lengths of the run's packets, and the captured length of the last one. */
  let runBytes = 0
  let lastBytes = 0
  let upperSeconds = 0
  /** Comment of the run's first packet. */
  let runComment: string | undefined
  let runs: InterfacePackets[] = []

  /** Ends the run, so that no more packets of `bytes` join it. */
  function finish(bytes: Buffer): void {
    const count = (usedWords - runStart) / packetRow.length
    if (count > 0) {
      const batch = {
        bytes,
        count,
        rows: table.subarray(runStart, usedWords),
        capturedBytes: runBytes,
        ...(upperSeconds !== 0 && { upperSeconds }),
        ...(runComment !== undefined && { comment: runComment }),
      }
      const { header } = kinds[runInterface] as HeaderKind
      runs.push({ interfaceId: runInterface, header, batch })
      runComment = undefined
    }
    runStart = usedWords
    runBytes = 0
  }

  return {
    finish,
    /** Table of the row that was added last. */
    get rows() {
      return table
    },
    /**
     * Sets the upper part of the time of the packet that was added last; a batch ends where it changes. Returns false for -1, and drops the packet.
     */
    setUpperSeconds(bytes: Buffer, upper: number): boolean {
      if (upper === upperSeconds) return true
      usedWords -= packetRow.length
      runBytes -= lastBytes
      if (upper < 0) return false
      finish(bytes)
      usedWords += packetRow.length
      runBytes = lastBytes
      upperSeconds = upper
      return true
    },
    /** Begins a run with the packet that is added next, which has this comment. */
    begin(bytes: Buffer, comment: string): void {
      finish(bytes)
      runComment = comment
    },
    /** Adds a packet; returns the position of its row in `rows`. The caller must still write its time. */
    add(bytes: Buffer, interfaceId: number, offset: number, capturedLength: number, originalLength: number): number {
      if (interfaceId !== runInterface || usedWords === table.length) {
        finish(bytes)
        runInterface = interfaceId
      }
      const kind = kinds[interfaceId] as HeaderKind
      if (capturedLength > kind.longest) {
        finish(bytes)
        raise(kind)
      }
      if (usedWords === table.length) {
        table = new Uint32Array(tableRows * packetRow.length)
        usedWords = 0
        runStart = 0
      }
      const row = usedWords
      table[row + packetRow.offset] = offset
      table[row + packetRow.capturedLength] = capturedLength
      table[row + packetRow.originalLength] = originalLength
      usedWords += packetRow.length
      runBytes += capturedLength
      lastBytes = capturedLength
      return row
    },
    /** Returns the finished runs, once. */
    take(): InterfacePackets[] {
      const taken = runs
      runs = []
      return taken
    },
  }
}
