import type { CaptureLimits } from '../base/capture-request.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import type { PacketRun } from '../base/packet.ts'
import { makeCaptureBudget } from './capture-budget.ts'
import type { CaptureWriter } from './capture-writer.ts'
import type { SourceProgress } from './session-progress.ts'
import type { SessionStop } from './session-stop.ts'

/** Writes and counts merged packets until the output or a limit ends the capture. */
export interface PacketOutput {
  /** Figures of the output's interfaces, indexed by interface id. */
  readonly figures: SourceProgress[]
  /** Numbers of packets written to the output's interfaces, indexed by interface id. */
  readonly delivered: readonly number[]
  /** Returns a promise while the output is slow. */
  write(runs: readonly PacketRun[]): Promise<void> | undefined
  /** Ends the capture because the output could not be written; the first failure counts. */
  fail(error: unknown): void
  readonly error: KcapError | undefined
}

export function makePacketOutput(writer: CaptureWriter, limits: CaptureLimits, sessionStop: SessionStop): PacketOutput {
  const budget = makeCaptureBudget(limits, writer.packetOverhead, () => writer.written.header)
  const figures: SourceProgress[] = []
  const delivered: number[] = []
  let outputError: KcapError | undefined
  const fail = (error: unknown) => {
    outputError ??= toKcapError(error)
    sessionStop.end('output failed')
  }
  return {
    figures,
    delivered,
    write(runs) {
      // After a limit or a lost reader the rest is only drained, so that the remote side can end.
      if (outputError !== undefined) return undefined
      const wanted = budget.take(runs)
      if (budget.spent !== undefined) sessionStop.end(budget.spent)
      if (wanted.length === 0) return undefined
      const count = (isWritten: boolean) => {
        if (!isWritten) return sessionStop.end('reader gone')
        for (const run of wanted) {
          figures[run.interfaceId]?.add(run)
          delivered[run.interfaceId] = (delivered[run.interfaceId] ?? 0) + run.to - run.from
        }
      }
      try {
        const written = writer.writeRuns(wanted)
        if (typeof written !== 'boolean') return written.then(count, fail)
        count(written)
      } catch (error) {
        fail(error)
      }
      return undefined
    },
    fail,
    get error() {
      return outputError
    },
  }
}
