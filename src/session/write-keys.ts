import type { CaptureRequest } from '../base/capture-request.ts'
import { toKcapError } from '../base/kcap-error.ts'
import { followRemoteKeyLog } from '../route/follow-remote-key-log.ts'
import type { Route } from '../route/route.ts'
import type { CaptureWriter } from './capture-writer.ts'
import { followKeyLog } from './follow-key-log.ts'

/** One block is read whole by those who read captures. */
const maxBlockLength = 64 * 1024

export interface WriteKeysOptions {
  readonly request: CaptureRequest
  readonly writer: CaptureWriter
  readonly fail: (error: unknown) => void
  readonly tell: (event: string) => void
}

/** TLS secrets on their way into the stream. */
export interface KeyWriter {
  /** The keys of the request's own key log file, until `signal` is aborted. */
  followFile(signal: AbortSignal): Promise<void>
  /** Those of a file where a route leads, until `signal` is aborted; what keeps them from coming is told and does no harm. */
  followRemote(
    name: string,
    route: Route,
    run: { readonly onBegun: () => void; readonly signal: AbortSignal },
  ): Promise<void>
}

export function makeKeyWriter({ request, writer, fail, tell }: WriteKeysOptions): KeyWriter {
  const maxBytes = (request.limits.outputBytes ?? Number.POSITIVE_INFINITY) / 2
  let keyBytes = 0
  let isFull = false
  const take = async (lines: string) => {
    for (const block of splitLines(lines)) {
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
    async followFile(signal) {
      const file = request.keyLogFile
      if (file === undefined) return
      const onMissing = () => tell(`${file} is not there yet: its keys are taken when it comes`)
      await followKeyLog(file, { take, onMissing, signal }).catch((error: Error) =>
        tell(`no keys from ${file}: ${error.message}`),
      )
    },
    async followRemote(name, route, { onBegun, signal }) {
      const path = request.remoteKeyLogPath
      if (path === undefined) return
      try {
        const reason = await followRemoteKeyLog(route, { path, take, onBegun, signal })
        if (reason !== undefined) tell(`no keys from ${path} in ${name}: ${reason}`)
      } catch (error) {
        if (!signal.aborted) tell(`no keys from ${path} in ${name}: ${toKcapError(error).message}`)
      }
    },
  }
}

function splitLines(lines: string): string[] {
  const blocks: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = lines.length - at <= maxBlockLength ? lines.length : lines.lastIndexOf('\n', at + maxBlockLength) + 1
    blocks.push(lines.slice(at, end))
    at = end
  }
  return blocks
}
