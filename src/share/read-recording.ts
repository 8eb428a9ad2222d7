import { type Clock, monotonicClock } from '../base/clock.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import type { RecordedPart, RecorderName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { type RecorderProcess, runInRecorder, toRecorderError } from './connect-recorder.ts'
import { makeRecordingParser, type RecordingPosition } from './recording-protocol.ts'
import type { StreamConnection } from './stream-connection.ts'

/** Pauses between attempts to resume: enough for a restart of the API server or the kubelet. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000, 8_000]
/** Errors after which the rest may still be read. */
const transient: readonly ErrorCode[] = ['connection-lost', 'api-unreachable', 'api-failed', 'container-not-found']

export interface ReadRecordingOptions {
  readonly name: RecorderName & { readonly part: RecordedPart }
  readonly access: ClusterAccess
  readonly signal: AbortSignal
  /** Called with the number of bytes that were read, and the most that there can be. */
  readonly onProgress?: ((readBytes: number, totalBytes: number) => void) | undefined
  readonly onResume?: (error: KcapError) => void
  readonly clock?: Clock
}

/**
 * Reads a part of what a recorder has kept: whole files of pcapng, one after the other. Resumes after the last whole frame when the connection
 * breaks off, so that its reader notices nothing.
 * @throws {KcapError} api-*, pod-not-found, container-not-found, stream-unreachable — when it can't be read
 */
export async function readRecording(options: ReadRecordingOptions): Promise<StreamConnection> {
  const { name, access, signal, onProgress = () => {}, onResume = () => {}, clock = monotonicClock } = options
  const over = new AbortController()
  let part = name.part
  let reached: RecordingPosition | undefined
  let totalBytes = 0
  let readBytes = 0
  let failure: KcapError | undefined
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })

  const start = async () => await runInRecorder(name, access, formatWords(part, reached), signal)
  let running: RecorderProcess = await start()

  /** Yields the frames of one connection. Returns whether its answer was complete. */
  async function* readOnce(): AsyncGenerator<readonly Buffer[], boolean> {
    const parser = makeRecordingParser()
    for await (const chunks of running.chunks) {
      const messages = chunks.flatMap((chunk) => parser.push(chunk))
      const frames: Buffer[] = []
      for (const message of messages) {
        if (message.kind === 'end') {
          if (frames.length > 0) yield frames
          return true
        }
        if (message.kind === 'plan') {
          part = message.part
          totalBytes = Math.max(totalBytes, readBytes + message.totalBytes)
          continue
        }
        reached = { file: message.file, offset: message.offset + message.bytes.length }
        readBytes += message.bytes.length
        frames.push(message.bytes)
      }
      onProgress(readBytes, totalBytes)
      if (frames.length > 0) yield frames
    }
    return false
  }

  async function* readAll(): AsyncGenerator<readonly Buffer[]> {
    let tries = 0
    try {
      for (;;) {
        const before = readBytes
        if (yield* readOnce()) return
        const error = (await running.ended) ?? toRecorderError(name, new Error('its answer is not complete'))
        if (over.signal.aborted) return
        tries = readBytes > before ? 0 : tries
        onResume(error)
        await resume(error, tries++)
        if (over.signal.aborted) return
      }
    } catch (error) {
      failure = toRecorderError(name, error)
    } finally {
      running.close()
      finish()
    }
  }

  /** Connects again. Throws the last error when that is hopeless. */
  async function resume(error: KcapError, tries: number): Promise<void> {
    let last = error
    for (let i = tries; ; i++) {
      const pauseMs = pausesMs[i]
      if (pauseMs === undefined || !transient.includes(last.code)) throw last
      await clock.sleep(pauseMs, over.signal)
      if (over.signal.aborted) return
      try {
        running = await start()
        return
      } catch (again) {
        last = toKcapError(again)
      }
    }
  }

  return {
    chunks: readAll(),
    ended: finished.then(() => failure),
    close() {
      over.abort()
      running.close()
    },
  }
}

function formatWords({ fromMs, toMs }: RecordedPart, after: RecordingPosition | undefined): string[] {
  const times = [fromMs, toMs].map((ms) => (ms === undefined ? '-' : String(Math.floor(ms))))
  return ['read', ...times, ...(after === undefined ? [] : [`${after.file}:${after.offset}`])]
}
