import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeKeyLogReader } from '../packets/key-log.ts'

const pollMs = 100
const readBytes = 64 * 1024

export interface FollowKeyLogOptions {
  /** Takes whole lines; the next lines are read when its promise has settled. */
  readonly take: (lines: string) => Promise<void>
  /** Called once when the file is not there yet. */
  readonly onMissing: () => void
  readonly signal: AbortSignal
}

/**
 * Follows a key log file until the signal aborts: from its beginning, through rotation and truncation, even if the file does not exist yet. It polls,
 * because file systems of containers and shares report no changes.
 * @throws {Error} — when the system refuses to read the file, or the path is not a regular file
 */
export async function followKeyLog(file: string, options: FollowKeyLogOptions): Promise<void> {
  const { take, signal } = options
  const reader = makeKeyLogReader()
  const bytes = Buffer.alloc(readBytes)
  let handle: FileHandle | undefined
  let inode = 0
  let position = 0
  let isMissingTold = false
  const readNew = async (from: FileHandle, mayGoOn: () => boolean) => {
    while (mayGoOn()) {
      const { bytesRead } = await from.read(bytes, 0, bytes.length, position)
      if (bytesRead === 0) return
      position += bytesRead
      const lines = reader.push(bytes.subarray(0, bytesRead))
      if (lines !== '') await take(lines)
    }
  }
  const look = async (mayGoOn: () => boolean) => {
    const before = position
    const now = await stat(file).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? undefined : Promise.reject(error),
    )
    if (now?.isFile() === false) throw new Error('it is no file')
    if (now === undefined && !isMissingTold) {
      isMissingTold = true
      options.onMissing()
    }
    // First the rest of a file that was renamed away.
    if (handle !== undefined) await readNew(handle, mayGoOn)
    if (now === undefined || (handle !== undefined && now.ino === inode && now.size >= before)) return
    await handle?.close()
    handle = await open(file, 'r')
    reader.restart()
    inode = now.ino
    position = 0
    await readNew(handle, mayGoOn)
  }
  try {
    while (!signal.aborted) {
      await look(() => !signal.aborted)
      await sleep(pollMs, undefined, { signal }).catch(() => {})
    }
    // What was written just before the end, but only one piece of a long file.
    let isFirst = true
    await look(() => {
      const mayGoOn = isFirst
      isFirst = false
      return mayGoOn
    })
  } finally {
    await handle?.close()
  }
}
