import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeKeyLogReader } from '../packets/key-log.ts'

const pollMs = 100
const readBytes = 64 * 1024

export interface FollowKeyLogOptions {
  readonly take: (lines: string) => void
  readonly signal: AbortSignal
}

/**
 * Reads the lines of a key log file as they are written, until the signal is aborted: from its beginning, over rotation and truncation,
 * also a file that is not there yet. By looking again and again: file systems of containers and shares tell of no changes.
 */
export async function followKeyLog(file: string, { take, signal }: FollowKeyLogOptions): Promise<void> {
  const reader = makeKeyLogReader()
  const bytes = Buffer.alloc(readBytes)
  let handle: FileHandle | undefined
  let inode = 0
  let position = 0
  const readNew = async (from: FileHandle) => {
    for (;;) {
      const { bytesRead } = await from.read(bytes, 0, bytes.length, position)
      if (bytesRead === 0) return
      position += bytesRead
      const lines = reader.push(bytes.subarray(0, bytesRead))
      if (lines !== '') take(lines)
    }
  }
  const look = async () => {
    const now = await stat(file).catch(() => undefined)
    if (handle !== undefined) await readNew(handle)
    if (now === undefined || (handle !== undefined && now.ino === inode && now.size >= position)) return
    await handle?.close()
    handle = await open(file, 'r').catch(() => undefined)
    reader.restart()
    inode = now.ino
    position = 0
    if (handle !== undefined) await readNew(handle)
  }
  try {
    while (!signal.aborted) {
      await look()
      await sleep(pollMs, undefined, { signal }).catch(() => {})
    }
    await look()
  } finally {
    await handle?.close()
  }
}
