import { beatMs, maxBeatSilenceMs } from '../share/recording-protocol.ts'

/** The kcap at the other end of an exec channel. */
export interface WatchedClient {
  /** Aborts when it is gone. */
  readonly signal: AbortSignal
  /** Notes that it is gone. */
  leave(): void
  close(): void
}

/**
 * Watches the other end of an exec channel by the bytes that it sends, and sends some of its own. The end of a channel ends no program in a
 * container: only silence shows that nobody reads any more.
 */
export function watchClient(
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
  silenceMs = maxBeatSilenceMs,
): WatchedClient {
  const gone = new AbortController()
  const leave = () => gone.abort(new Error('the reader is gone'))
  const silence = setTimeout(leave, silenceMs)
  const beat = setInterval(() => output.write('\n'), beatMs)
  const hear = () => silence.refresh()
  input.on('data', hear)
  input.on('end', leave)
  input.on('error', leave)
  output.on('error', leave)
  return {
    signal: gone.signal,
    leave,
    close() {
      clearTimeout(silence)
      clearInterval(beat)
      input.removeListener('data', hear)
      input.pause()
    },
  }
}
