import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** Folder of a recorder's files: a volume of its pod. */
export const recorderFolder = '/recording'

/** Returns the socket at which the recorder serves what it captures. */
export function liveSocket(folder: string): string {
  return path.join(folder, 'live.sock')
}

/** Returns the file whose time stamp shows that the recorder works. */
export function livenessFile(folder: string): string {
  return path.join(folder, 'alive')
}

/** Names of ring files: `output/ring-files.ts`. */
const ringName = /^.+_(\d{5,})_\d{14}\.pcapng$/

/** Returns the names of the files in a recorder's folder, oldest first. */
export async function listRecordedFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  return names
    .flatMap((name) => {
      const [, count] = ringName.exec(name) ?? []
      return count === undefined ? [] : [{ name, count: Number(count) }]
    })
    .toSorted((a, b) => a.count - b.count)
    .map(({ name }) => name)
}
