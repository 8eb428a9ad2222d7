import type WebSocket from 'ws'
import type { ExecSocket } from '../../../src/demo/exec/exec-socket.ts'
import type { Misbehaviour } from './misbehaviour.ts'

/** The streams of a program, and what can happen to their connection. */
export interface PeerSocket extends ExecSocket {
  cut(): void
  /** Stops sending and ignores everything that arrives, except pings. */
  stall(): void
}

/** First byte of a frame of standard output. */
const stdout = 1
/** The kubelet copies in pieces of this size (io.Copy). */
const frameBytes = 32 * 1024

/** Wraps the streams of a program so that they are cut, stall or end as configured. */
export function misbehaveSocket(client: WebSocket, io: ExecSocket, misbehaviour: Misbehaviour): PeerSocket {
  const { cutAfterBytes = Number.POSITIVE_INFINITY, stallAfterBytes = Number.POSITIVE_INFINITY } = misbehaviour
  const limit = Math.min(cutAfterBytes, stallAfterBytes)
  let isStalled = false
  let stdoutBytes = 0
  if (misbehaviour.noPongs) client.removeAllListeners('ping')

  const cut = () => client.terminate()
  const stall = () => {
    isStalled = true
    client.removeAllListeners('message')
  }
  const flush = () => new Promise<void>((resolve) => client.send(Buffer.of(stdout), { binary: true }, () => resolve()))
  return {
    ...io,
    cut,
    stall,
    async writeStdout(bytes) {
      const allowed = bytes.subarray(0, Math.max(0, limit - stdoutBytes))
      for (let start = 0; start < allowed.length && !isStalled; start += frameBytes)
        await io.writeStdout(allowed.subarray(start, start + frameBytes))
      stdoutBytes += allowed.length
      if (stdoutBytes >= cutAfterBytes && !io.isGone()) {
        await flush()
        cut()
      } else if (stdoutBytes >= stallAfterBytes) stall()
      if (isStalled) await io.gone
    },
    async writeStderr(text) {
      if (isStalled) await io.gone
      else await io.writeStderr(text)
    },
    async readByte(timeoutMs) {
      if (!misbehaviour.ignoreStop) return await io.readByte(timeoutMs)
      while ((await io.readByte(timeoutMs)) !== undefined);
      await io.gone
      return undefined
    },
    async finish(status) {
      if (isStalled) await io.gone
      await io.finish(misbehaviour.endWithoutStatus ? undefined : status)
    },
  }
}
