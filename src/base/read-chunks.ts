import type { Readable } from 'node:stream'

/** Default for the number of bytes that wait here while the reader is busy; the stream is paused beyond it. */
const defaultWaitingBytes = 256 * 1024

/**
 * Yields the chunks of a stream as they came, grouped by turn of the event loop: a turn for each chunk costs more than reading it. A stream's own
 * iterator would join them into one new buffer, which copies a fast stream once more.
 */
export async function* readChunks(
  stream: Readable,
  maxWaitingBytes = defaultWaitingBytes,
): AsyncGenerator<readonly Buffer[]> {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let isEnded = false
  let wake = () => {}
  let isWaking = false
  const wakeSoon = () => {
    if (isWaking) return
    isWaking = true
    setImmediate(() => {
      isWaking = false
      wake()
    })
  }
  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes >= maxWaitingBytes) stream.pause()
    wakeSoon()
  })
  for (const event of ['end', 'close', 'error']) {
    stream.on(event, () => {
      isEnded = true
      wakeSoon()
    })
  }
  for (;;) {
    if (waiting.length > 0) {
      const chunks = waiting
      waiting = []
      waitingBytes = 0
      yield chunks
    } else if (isEnded) return
    else {
      if (stream.isPaused()) stream.resume()
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}
