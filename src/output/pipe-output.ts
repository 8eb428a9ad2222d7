import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { ByteOutput } from './byte-output.ts'
import { toOutputError } from './output-error.ts'

/** Returns a pipe's write end as an output. Avoids process.stdout, whose writes to pipes block the whole process on Linux. */
export function makePipeOutput(name: string, fd: number): ByteOutput {
  return makeStreamOutput(name, new Socket({ fd, readable: false, writable: true }))
}

/** Returns an output for any stream that reports when it has accepted a write. */
export function makeStreamOutput(name: string, stream: Writable): ByteOutput {
  let isGone = false
  let markGone = () => {}
  const readerGone = new Promise<void>((resolve) => {
    markGone = () => {
      isGone = true
      resolve()
    }
  })
  let failure: NodeJS.ErrnoException | undefined
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET' && error.code !== 'ERR_STREAM_DESTROYED') failure = error
    markGone()
  })
  stream.on('close', () => markGone())
  return {
    name,
    readerGone,
    isLive: true,
    async write(bytes) {
      if (!isGone) await new Promise<void>((resolve) => stream.write(bytes, () => resolve()))
      if (failure !== undefined) throw toOutputError(name, failure)
      return !isGone
    },
    async close() {
      if (isGone) return
      await new Promise<void>((resolve) => {
        stream.once('close', resolve)
        stream.end(() => stream.destroy())
      })
    },
  }
}
