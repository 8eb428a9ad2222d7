import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ByteOutput } from './byte-output.ts'
import { toOutputError } from './output-error.ts'
import { makeStreamOutput } from './pipe-output.ts'

/** Whether it names what Wireshark makes on Windows in a FIFO's place. */
export function isNamedPipe(path: string, platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'win32' && /^\\\\[.?]\\pipe\\/i.test(path)
}

/**
 * A named pipe: the reader is there before its pipe is. Neither looked at nor opened as a file: Wireshark makes room for one who opens it
 * (`extcap_create_pipe`), and Node empties what it opens to write. Throws `output-*` errors, and the signal's reason when it is aborted.
 */
export async function openNamedPipeOutput(path: string, signal: AbortSignal): Promise<ByteOutput> {
  const socket = await connectPipe(path, signal)
  // Read as well: Wireshark ends only the .cmd in front of kcap (`TerminateProcess`), and a silent capture would not learn of it.
  socket.resume()
  return makeStreamOutput(path, socket)
}

/** Opens and closes it, so that nobody waits for it. */
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
