import { stat } from 'node:fs/promises'
import path from 'node:path'
import { listRecordedFiles } from './recorder-folder.ts'

/** Returns what makes the comment on the first packets after a restart: for how long they are missing. Undefined when nothing was recorded before. */
export async function describeRestart(folder: string): Promise<(() => string) | undefined> {
  const last = (await listRecordedFiles(folder)).at(-1)
  if (last === undefined) return undefined
  const { mtimeMs } = await stat(path.join(folder, last))
  return () =>
    `the recorder was started again: about ${((Date.now() - mtimeMs) / 1000).toFixed(1)} s are missing before this packet`
}
