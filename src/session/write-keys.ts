import type { CaptureRequest } from '../base/capture-request.ts'
import { toKcapError } from '../base/kcap-error.ts'
import type { PacketRun } from '../base/packet.ts'
import { followRemoteKeyLog } from '../capture/follow-remote-key-log.ts'
import { findHandshakes } from '../packets/find-handshakes.ts'
import { makeKeyLogReader, splitKeyLines } from '../packets/key-log.ts'
import type { Route } from '../route/route.ts'
import type { CaptureWriter } from './capture-writer.ts'
import { followKeyLog } from './follow-key-log.ts'
import { makeKeyPool } from './key-pool.ts'

export interface WriteKeysOptions {
  readonly request: CaptureRequest
  readonly writer: CaptureWriter
  readonly fail: (error: unknown) => void
  readonly tell: (event: string) => void
}

/** TLS secrets on their way into the stream. */
export interface KeyWriter {
  /** Writes the keys that these packets need, before the packets are written. */
  writeNeeded(runs: readonly PacketRun[]): void
  /** Writes the keys that a shared stream contains: whoever shares it has chosen them. Never rejects. */
  writeShared(lines: string): Promise<void>
  /** Writes the keys of the request's own key log file, until `signal` aborts. */
  followFile(signal: AbortSignal): Promise<void>
  /** Writes the keys of a file at the end of a route, until `signal` aborts. Never rejects: it reports what keeps the keys from arriving. */
  followRemote(
    name: string,
    openRoute: () => Promise<Route>,
    run: { readonly onBegun: () => void; readonly signal: AbortSignal },
  ): Promise<void>
}

export function makeKeyWriter({ request, writer, fail, tell }: WriteKeysOptions): KeyWriter {
  const isWanted = (request.keyLogFile ?? request.remoteKeyLogPath) !== undefined
  const { outputBytes = Number.POSITIVE_INFINITY } = request.limits
  const maxBytes = outputBytes / 2
  // The other half of the space for keys is for sessions that are seen to begin.
  const pool = makeKeyPool(maxBytes / 2)
  /** Leaves out lines that a stream repeats when it is read again. */
  const shared = makeKeyLogReader()
  let keyBytes = 0
  let isFull = false
  const take = (lines: string) => write(pool.add(lines))
  const write = async (lines: string) => {
    for (const block of splitKeyLines(lines)) {
      if (isFull) return
      keyBytes += block.length
      if (keyBytes > maxBytes) {
        isFull = true
        tell('the keys take half of --max-size: those that come now are left out')
        return
      }
      await writer.addTlsSecrets(block).catch(fail)
    }
  }
  return {
    writeNeeded(runs) {
      if (isWanted) void write(pool.need(findHandshakes(runs)))
    },
    writeShared: (lines) => write(shared.push(Buffer.from(lines, 'latin1'))),
    async followFile(signal) {
      const file = request.keyLogFile
      if (file === undefined) return
      const onMissing = () => tell(`${file} is not there yet: its keys are taken when it comes`)
      await followKeyLog(file, { take, onMissing, signal }).catch((error: Error) =>
        tell(`no keys from ${file}: ${error.message}`),
      )
    },
    async followRemote(name, openRoute, { onBegun, signal }) {
      const path = request.remoteKeyLogPath
      if (path === undefined) return
      try {
        const reason = await followRemoteKeyLog(await openRoute(), { path, take, onBegun, signal })
        if (reason !== undefined) tell(`no keys from ${path} in ${name}: ${reason}`)
      } catch (error) {
        if (!signal.aborted) tell(`no keys from ${path} in ${name}: ${toKcapError(error).message}`)
      }
    },
  }
}
