import type WebSocket from 'ws'
import type { ReceivedExec } from './exec-request.ts'

/** First byte of each frame: k8s.io/apimachinery/pkg/util/remotecommand/constants.go. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const

/** Frame size: the kubelet copies in pieces of this size (io.Copy). */
const frameBytes = 32 * 1024
const highWaterMark = 256 * 1024

/** Streams of a program in a container, as the container runtime sees them. */
export interface ExecSocket {
  /** Writes to stdout. Settles when there is room for more, or nobody reads any more. */
  writeStdout(bytes: Buffer): Promise<void>
  writeStderr(text: string): Promise<void>
  /** Returns the next byte of stdin that is not a newline; undefined at end of input or after a silence of `timeoutMs`. */
  readByte(timeoutMs: number): Promise<string | undefined>
  isGone(): boolean
  /** Resolves when the client's side of the connection is closed or cut. */
  readonly gone: Promise<void>
  /** Sends the status, if any, and closes the connection cleanly. */
  finish(status: object | undefined): Promise<void>
}

export function wrapExecSocket(socket: WebSocket, request: ReceivedExec): ExecSocket {
  const bytesIn: string[] = []
  let isInputEnded = !request.hasStdin
  let isGone = false
  let wakeReader = () => {}
  let declareGone = () => {}
  const gone = new Promise<void>((resolve) => {
    declareGone = resolve
  })

  socket.on('message', (data: Buffer) => {
    if (data[0] === channels.stdin) bytesIn.push(...data.subarray(1).toString('latin1').replaceAll('\n', ''))
    else if (data[0] === channels.close && data[1] === channels.stdin) isInputEnded = true
    wakeReader()
  })
  socket.on('ping', (data: Buffer) => socket.pong(data))
  socket.on('error', () => {})
  socket.on('close', () => {
    isGone = true
    isInputEnded = true
    declareGone()
    wakeReader()
  })

  const send = async (channel: number, bytes: Uint8Array): Promise<void> => {
    if (isGone) return
    const frame = Buffer.allocUnsafe(bytes.length + 1)
    frame[0] = channel
    frame.set(bytes, 1)
    const sent = new Promise<void>((resolve) => socket.send(frame, { binary: true }, () => resolve()))
    if (socket.bufferedAmount > highWaterMark) await Promise.race([sent, gone])
  }
  const sendFrames = async (channel: number, bytes: Buffer): Promise<void> => {
    for (let start = 0; start < bytes.length; start += frameBytes)
      await send(channel, bytes.subarray(start, start + frameBytes))
  }

  // The server announces the stream by an empty message on the lowest channel: remotecommand/websocket.go.
  void send(request.hasStdout ? channels.stdout : request.hasStderr ? channels.stderr : channels.error, Buffer.alloc(0))

  return {
    gone,
    isGone: () => isGone,
    async writeStdout(bytes) {
      if (request.hasStdout) await sendFrames(channels.stdout, bytes)
    },
    async writeStderr(text) {
      if (request.hasStderr) await sendFrames(channels.stderr, Buffer.from(text))
    },
    async readByte(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      while (bytesIn.length === 0 && !isInputEnded) {
        const leftMs = deadline - performance.now()
        if (leftMs <= 0) return undefined
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, leftMs)
          wakeReader = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      return bytesIn.shift()
    },
    async finish(status) {
      if (status !== undefined) await send(channels.error, Buffer.from(JSON.stringify(status)))
      if (!isGone) socket.close(1000)
    },
  }
}
