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

// Bare descriptors, because a FileHandle closes its descriptor when it is garbage-collected.
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
 * Opens the path given to `--fifo`: a FIFO created by Wireshark, its named pipe on Windows, or a regular file if a person typed it. Waits for a
 * FIFO's reader. Rejects with the signal's reason when aborted while waiting.
 * @throws {KcapError} output-* — when the path cannot be written
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

/**
 * Returns whether the path may be written without `overwrite`: it is no regular file, or an empty temporary file that Wireshark created for this
 * capture (extcap.c).
 */
function isWiresharks(path: string, status: Stats): boolean {
  return !status.isFile() || (status.size === 0 && /^wireshark_extcap_/.test(basename(path)))
}

/** Claims a FIFO. Two captures in one FIFO would corrupt each other, and the reader of one that another user created is unknown. */
function claimFifo(path: string, status: Stats): () => void {
  try {
    if (isPlanted(path)) throw makeOutputFault('PLANTED')
    return claimOutput(status)
  } catch (error) {
    throw toOutputError(path, error)
  }
}

/**
 * Opens and closes a FIFO without writing. Wireshark up to 4.0 hangs forever if an extcap fails before opening its FIFO (doc/extcap_example.py does
 * the same on errors).
 */
export async function touchFifo(path: string): Promise<void> {
  if (isNamedPipe(path)) return await touchNamedPipe(path)
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isFIFO() !== true) return
  const fd = await openWriteEnd(path, AbortSignal.timeout(2_000)).catch(() => undefined)
  if (fd !== undefined) await closeDescriptor(fd)
}

/** Opens without blocking. A blocking open would occupy a thread of Node's pool, and delay the end of the process, until a reader arrives. */
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

/**
 * Watches for a closed reader, which shows only on a write. As long as nothing is written, the sign is that another write end cannot be opened
 * (ENXIO, fifo(7)).
 */
function watchReader(path: string): { readerGone: Promise<void>; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const readerGone = new Promise<void>((resolve) => {
    const check = () => {
      openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK).then(
        closeDescriptor,
        ({ code }: NodeJS.ErrnoException) => {
          // Any other failure, such as running out of descriptors, says nothing about the reader.
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
