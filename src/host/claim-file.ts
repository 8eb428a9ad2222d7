import { closeSync, openSync, readdirSync, type Stats } from 'node:fs'
import path from 'node:path'
import { removeFile } from './private-file.ts'
import { listBases } from './private-folder.ts'
import { hasEnded, markProcess } from './process-mark.ts'

/**
 * Claims a file for this process, so that no two captures of a user write to it. Returns the function that ends the claim, or undefined if another
 * process holds one. Claims are empty files named after the device, the inode and their process. Each process creates its own first and then looks
 * for others, so of two at the same time at least one sees the other. The claim of a killed process is ignored. If no claim can be made, no claims
 * can be read either, and the call succeeds.
 */
export function claimFile(
  { dev, ino }: Pick<Stats, 'dev' | 'ino'>,
  environment?: NodeJS.ProcessEnv,
): (() => void) | undefined {
  // Use the cache if possible: XDG_RUNTIME_DIR is not set everywhere a user starts kcap.
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
    // `undefined`: the claim is from an earlier boot, or from a machine that shares this home folder but not its files.
    if (ended === true) removeFile(path.join(base, name))
    else if (ended === false && name.startsWith(prefix)) isFree = false
  }
  if (isFree) return end
  end()
  return undefined
}
