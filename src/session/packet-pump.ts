import { performance } from 'node:perf_hooks'
import type { PacketBatch, PacketRun } from '../base/packet.ts'
import { type MergeInput, makePacketMerger } from '../packets/merge-packets.ts'
import { makeNoteLatePackets } from '../packets/note-late-packets.ts'

/** Time within which the kernel hands packets to a capture program: TPACKET_V3, with the timeout that tcpdump and dumpcap pass to libpcap. */
const handOverMs = 1_100
/** Maximum number of bytes in the queue: what arrives at 50 MB/s while packets wait. Packets of faster sources wait less. */
const maxQueuedBytes = 64 * 1024 * 1024
/** Maximum number of bytes in the queue while the output is slow; sources are not read beyond this. */
const maxBlockedBytes = 2 * 1024 * 1024
/** Maximum number of bytes that all sources together have in the queue while each waits for all others. */
const maxStoredBytes = 8 * 1024 * 1024

/** Packets of all sources, merged, on their way to the writer. */
export interface PacketPump {
  addSource(interfaceId: number): PumpInput
  /** Makes all packets wait as for a silent source, until the returned function is called: something that belongs before them is on its way. */
  hold(): () => void
  /** Settles when everything that arrived is written; every source must have ended. */
  finish(): Promise<void>
}

export interface PumpInput {
  /**
   * Adds packets; returns a promise when the source must wait before it reads on. A comment belongs to the first packet. `interfaceId` overrides the
   * input's own interface; packets of one input keep their order.
   */
  push(batches: readonly PacketBatch[], comment?: string, interfaceId?: number): Promise<void> | undefined
  end(): void
}

/**
 * Makes a pump. `write` handles its own failures, and returns a promise while the output is slow. With an infinite window no packet overtakes an
 * earlier one of another source, however late that is; a source that is ahead waits.
 */
export function makePacketPump(
  windowMs: number,
  write: (runs: readonly PacketRun[]) => Promise<void> | undefined,
): PacketPump {
  const merger = makePacketMerger({ handOverMs, windowMs, maxQueuedBytes })
  const noteLatePackets = makeNoteLatePackets(windowMs)
  let wake = () => {}
  let isFinishing = false
  let isBlocked = false
  let makeRoom = () => {}
  let room: Promise<void> | undefined
  const isStrict = windowMs === Number.POSITIVE_INFINITY
  /** Sources that are ahead of others, and how each resumes. */
  const ahead = new Map<MergeInput, () => void>()
  let inputCount = 0
  const isFull = () => !isStrict && merger.heldBytes > (isBlocked ? maxBlockedBytes : maxQueuedBytes)
  const isAhead = (input: MergeInput) => isStrict && input.queuedBytes > maxStoredBytes / Math.max(inputCount, 4)
  const pumping = pump()

  async function pump(): Promise<void> {
    for (;;) {
      const runs = merger.take(nowMs())
      if (runs.length > 0) {
        const writing = write(noteLatePackets(runs))
        if (writing !== undefined) {
          isBlocked = true
          await writing
          isBlocked = false
        }
        if (!isFull()) makeRoom()
        for (const [input, resume] of ahead) if (!isAhead(input)) resume()
      } else {
        makeRoom()
        if (isFinishing) return
        await waitForMore(merger.readyMs())
      }
    }
  }

  async function waitForMore(readyMs: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      wake = resolve
      if (readyMs !== undefined) timer = setTimeout(resolve, Math.max(1, readyMs - nowMs()))
    })
    clearTimeout(timer)
    wake = () => {}
  }

  return {
    addSource(interfaceId) {
      const input = merger.addSource(interfaceId)
      inputCount += 1
      return {
        push(batches, comment, interfaceId) {
          const now = nowMs()
          let due = comment
          for (const batch of batches) {
            if (batch.count === 0) continue
            input.push(batch, now, joinComments(due, batch.comment), interfaceId)
            due = undefined
          }
          wake()
          if (isAhead(input))
            return new Promise<void>((resolve) => {
              ahead.set(input, () => {
                ahead.delete(input)
                resolve()
              })
            })
          if (!isFull()) return undefined
          room ??= new Promise<void>((resolve) => {
            makeRoom = () => {
              makeRoom = () => {}
              room = undefined
              resolve()
            }
          })
          return room
        },
        end() {
          inputCount -= 1
          input.end()
          wake()
        },
      }
    },
    hold() {
      const silent = merger.addSource(-1)
      return () => {
        silent.end()
        wake()
      }
    },
    async finish() {
      isFinishing = true
      wake()
      await pumping
    },
  }
}

function joinComments(own: string | undefined, given: string | undefined): string | undefined {
  return own === undefined || given === undefined ? (own ?? given) : `${own}\n${given}`
}

/** Returns the time since the epoch; unlike the wall clock, it never steps. */
function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
