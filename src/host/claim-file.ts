import { closeSync, openSync, readdirSync, type Stats } from 'node:fs'
import path from 'node:path'
import { removeFile } from './private-file.ts'
import { listBases } from './private-folder.ts'
import { hasEnded, markProcess } from './process-mark.ts'

/**
 * Claims a file for this process, so that no two captures of a user write into it. Returns what ends the claim; undefined: another process
 * has it. Claims are empty files named after the device, the inode and their process; each process makes its own first and looks for
 * others then, so that of two at the same time at least one sees the other, and the claim of a killed one counts for nothing.
 * Where no claim can be made there is nothing to look at either, and the file is taken.
 */
export function claimFile(
  { dev, ino }: Pick<Stats, 'dev' | 'ino'>,
  environment?: NodeJS.ProcessEnv,
): (() => void) | undefined {
  // The cache where it can be used: XDG_RUNTIME_DIR is not set everywhere that a user starts kcap.
  const base = listBases(environment).at(-1)
  if (base === undefined) return () => {}
  const prefix = `write-${dev}-${ino}.`
  const mine = `${prefix}${markProcess()}.0`
  const file = path.join(base, mine)
  try {
    closeSync(openSync(file, 'w', 0o600))
  } catch {
    return () => {}
  }
  const end = () => removeFile(file)
  let isFree = true
  for (const name of readdirSync(base)) {
    if (name === mine || !name.startsWith('write-')) continue
    const ended = hasEnded(name.slice(name.indexOf('.') + 1))
    // Of an earlier boot, or of a machine that shares this home folder but not its files.
    if (ended === true) removeFile(path.join(base, name))
    else if (ended === false && name.startsWith(prefix)) isFree = false
  }
  if (isFree) return end
  end()
  return undefined
}
