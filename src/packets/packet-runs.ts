import { type PacketBatch, packetRow } from '../base/packet.ts'

/** The rows of many batches lie in one table: memory outside the heap is the costly part of a typed array. */
const tableRows = 4096

/** Packets of one interface that follow each other in one buffer. */
export interface InterfacePackets {
  readonly interfaceId: number
  readonly batch: PacketBatch
}

/** Collects packets of several interfaces, in order: a batch ends where the interface or the buffer changes. */
export function makePacketRuns() {
  let table = new Uint32Array(0)
  let usedWords = 0
  let runStart = 0
  let runInterface = 0
  let runs: InterfacePackets[] = []

  /** Ends the run, and with it what may be added of `bytes` to it. */
  function finish(bytes: Buffer): void {
    const count = (usedWords - runStart) / packetRow.length
    if (count > 0)
      runs.push({ interfaceId: runInterface, batch: { bytes, count, rows: table.subarray(runStart, usedWords) } })
    runStart = usedWords
  }

  return {
    finish,
    /** The table of the row that was added last. */
    get rows() {
      return table
    },
    /** Gives where the packet's row lies in `rows`; its time is still to be written. */
    add(bytes: Buffer, interfaceId: number, offset: number, capturedLength: number, originalLength: number): number {
      if (interfaceId !== runInterface || usedWords === table.length) {
        finish(bytes)
        runInterface = interfaceId
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
      return row
    },
    /** Hands over the finished runs. */
    take(): InterfacePackets[] {
      const taken = runs
      runs = []
      return taken
    },
  }
}
