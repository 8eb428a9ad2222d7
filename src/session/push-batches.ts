import { KcapError } from '../base/kcap-error.ts'
import type { PacketBatch, PacketStreamHeader } from '../base/packet.ts'
import type { PumpInput } from './packet-pump.ts'

export interface PushBatchesOptions {
  readonly sourceName: string
  readonly input: PumpInput
  /** Whether the output has no place for times after 2106. */
  readonly endsIn2106: boolean
  /** Returns the interface of packets whose header differs from the source's first one. */
  readonly findInterface: (header: PacketStreamHeader) => Promise<number>
}

/** Pushes packets; returns a promise when the source must wait before it reads on. */
export type PushBatches = (batches: readonly PacketBatch[], comment: string | undefined) => Promise<void> | undefined

/**
 * Returns a function that hands a source's packets to the pump in their order, each batch with its interface. Its promise rejects with `usage` for
 * packets that the output can't hold.
 */
export function makePushBatches({ sourceName, input, endsIn2106, findInterface }: PushBatchesOptions): PushBatches {
  const known = new Map<PacketStreamHeader, number>()
  const findId = async (header: PacketStreamHeader) => {
    const id = await findInterface(header)
    known.set(header, id)
    return id
  }
  async function pushEach(batches: readonly PacketBatch[], comment: string | undefined): Promise<void> {
    let due = comment
    for (const batch of batches) {
      // editcap 4.0 and tcpdump write the lower 32 bits into a pcap: a time from 1970 on, which no packet had.
      if (endsIn2106 && batch.upperSeconds !== undefined)
        throw new KcapError('usage', `cannot write "${sourceName}" into a pcap: its packets are of times after 2106`, {
          hints: ['--format pcapng'],
        })
      const interfaceId = batch.header && (known.get(batch.header) ?? (await findId(batch.header)))
      const waiting = input.push([batch], due, interfaceId)
      if (waiting !== undefined) await waiting
      due = undefined
    }
  }
  return (batches, comment) => (batches.every(isUsual) ? input.push(batches, comment) : pushEach(batches, comment))
}

function isUsual({ header, upperSeconds }: PacketBatch): boolean {
  return header === undefined && upperSeconds === undefined
}
