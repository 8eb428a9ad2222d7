import type { Readable } from 'node:stream'

/** What may wait here while the reader is busy; the stream is paused beyond it. */
const maxWaitingBytes = 256 * 1024

/**
 * The chunks of a stream as they came. A stream's own iterator joins whatever has come meanwhile into one new buffer, which copies a fast
 * stream once more.
 */
export async function* readChunks(stream: Readable): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let isEnded = false
  let wake = () => {}
  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes >= maxWaitingBytes) stream.pause()
    wake()
  })
  for (const event of ['end', 'close', 'error']) {
    stream.on(event, () => {
      isEnded = true
      wake()
    })
  }
  for (;;) {
    const chunks = waiting
    waiting = []
    waitingBytes = 0
    for (const chunk of chunks) yield chunk
    if (waiting.length > 0) continue
    if (isEnded) return
    stream.resume()
    await new Promise<void>((resolve) => {
      wake = resolve
      if (waiting.length > 0 || isEnded) resolve()
    })
  }
}
