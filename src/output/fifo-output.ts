import { close, constants, open, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isPlanted } from '../host/planted-file.ts'
import type { ByteOutput } from './byte-output.ts'
import { claimOutput } from './claim-output.ts'
import { openFileOutput } from './file-output.ts'
import { isNamedPipe, openNamedPipeOutput, touchNamedPipe } from './named-pipe-output.ts'
import { makeOutputFault, toOutputError } from './output-error.ts'
import { makePipeOutput } from './pipe-output.ts'

// Bare descriptors: a FileHandle would close its own when it is collected.
const openDescriptor = promisify(open)
const closeDescriptor = promisify(close)

const openRetryMs = 20
const readerCheckMs = 1_000

export interface FifoOptions {
  /** Whether a regular file of that name may be replaced. */
  readonly overwrite?: boolean
  /** Called when the FIFO has no reader yet. */
  readonly onWait?: () => void
}

/**
 * Opens the path given to `--fifo`: a FIFO of Wireshark's, its named pipe on Windows, or a regular file when a person typed it. Waits for a FIFO's
 * reader. Rejects with the signal's reason when it is aborted while waiting.
 * @throws {KcapError} output-* — the path cannot be written
 */
export async function openFifoOutput(
  path: string,
  signal: AbortSignal,
  { overwrite = false, onWait = () => {} }: FifoOptions = {},
): Promise<ByteOutput> {
  if (isNamedPipe(path)) return await openNamedPipeOutput(path, signal)
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isFIFO() !== true)
    return await openFileOutput(path, {
      overwrite: overwrite || existing === undefined || isWiresharks(path, existing),
    })
  const endClaim = claimFifo(path, existing)
  try {
    const output = makePipeOutput(path, await openWriteEnd(path, signal, onWait))
    const watch = watchReader(path)
    return {
      ...output,
      readerGone: Promise.race([output.readerGone, watch.readerGone]),
      async close() {
        watch.stop()
        await output.close()
        endClaim()
      },
    }
  } catch (error) {
    endClaim()
    throw error
  }
}

/** A temporary file of Wireshark's own, not yet written (extcap.c), is there for us. */
function isWiresharks(path: string, status: Stats): boolean {
  return !status.isFile() || (status.size === 0 && /^wireshark_extcap_/.test(basename(path)))
}

/** Two captures in one FIFO are none, and who reads one that another user has put there is not known. */
function claimFifo(path: string, status: Stats): () => void {
  try {
    if (isPlanted(path)) throw makeOutputFault('PLANTED')
    return claimOutput(status)
  } catch (error) {
    throw toOutputError(path, error)
  }
}

/**
 * Opens and closes a FIFO without writing. An extcap that fails before it opened its FIFO hangs Wireshark up to 4.0 for ever
 * (doc/extcap_example.py does the same on errors).
 */
export async function touchFifo(path: string): Promise<void> {
  if (isNamedPipe(path)) return await touchNamedPipe(path)
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isFIFO() !== true) return
  const fd = await openWriteEnd(path, AbortSignal.timeout(2_000)).catch(() => undefined)
  if (fd !== undefined) await closeDescriptor(fd)
}

/** Not a blocking open: that would hold a thread of Node's pool, and with it the end of the process, until a reader comes. */
async function openWriteEnd(path: string, signal: AbortSignal, onWait = () => {}): Promise<number> {
  let isWaiting = false
  for (;;) {
    signal.throwIfAborted()
    try {
      return await openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw toOutputError(path, error)
      if (!isWaiting) onWait()
      isWaiting = true
      await sleep(openRetryMs, undefined, { signal }).catch(() => {})
    }
  }
}

/** With nothing to write, a closed reader shows nowhere; but a second write end can't be opened any more (ENXIO, fifo(7)). */
function watchReader(path: string): { readerGone: Promise<void>; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const readerGone = new Promise<void>((resolve) => {
    const check = () => {
      openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK).then(
        closeDescriptor,
        ({ code }: NodeJS.ErrnoException) => {
          // Any other failure, as a process out of descriptors, says nothing of the reader.
          if (code !== 'ENXIO') return
          clearInterval(timer)
          resolve()
        },
      )
    }
    timer = setInterval(check, readerCheckMs)
    timer.unref()
  })
  return { readerGone, stop: () => clearInterval(timer) }
}
