import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ByteOutput } from './byte-output.ts'
import { toOutputError } from './output-error.ts'
import { makeStreamOutput } from './pipe-output.ts'

/** Returns whether the path is a named pipe, which Wireshark on Windows creates instead of a FIFO. */
export function isNamedPipe(path: string, platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'win32' && /^\\\\[.?]\\pipe\\/i.test(path)
}

/**
 * Opens a named pipe, whose reader connects before the pipe exists. Does not stat it or open it as a file: Wireshark accepts a single client
 * (`extcap_create_pipe`), and Node truncates files it opens for writing. Rejects with the signal's reason when aborted.
 * @throws {KcapError} output-* — when the pipe cannot be opened
 */
export async function openNamedPipeOutput(path: string, signal: AbortSignal): Promise<ByteOutput> {
  const socket = await connectPipe(path, signal)
  // Read it too: Wireshark kills only the .cmd in front of kcap (`TerminateProcess`), and a silent capture would not notice.
  socket.resume()
  return makeStreamOutput(path, socket)
}

/** Opens and closes a named pipe, so that nobody waits for it. */
export async function touchNamedPipe(path: string): Promise<void> {
  const socket = await connectPipe(path, AbortSignal.timeout(2_000)).catch(() => undefined)
  socket?.destroy()
}

async function connectPipe(path: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  const socket = connect(path)
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw toOutputError(path, error)
  }
}
