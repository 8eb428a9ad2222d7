import { open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { claimOutput } from '../output/claim-output.ts'
import { toOutputError } from '../output/output-error.ts'
import { type AdoptedFile, findRingNumber } from '../output/ring-files.ts'
import { findWholeLength } from '../packets/find-whole-length.ts'

/**
 * Returns the files that an earlier run of the ring left, oldest first. A kill may have cut the newest one in the middle of a block: it is shortened to
 * its whole blocks, or removed when its header is not whole.
 * @throws {KcapError} output-in-use — when another capture still writes the newest file
 * @throws {KcapError} output-* — when a file can't be read or shortened
 */
export async function adoptFiles(base: string): Promise<AdoptedFile[]> {
  const { dir, base: name } = path.parse(base)
  const names = await readdir(dir === '' ? '.' : dir).catch((error: unknown) => {
    throw toOutputError(base, error)
  })
  const found: AdoptedFile[] = []
  for (const fileName of names) {
    const number = findRingNumber(name, fileName)
    if (number === undefined) continue
    const file = path.join(dir, fileName)
    const status = await stat(file).catch(() => undefined)
    if (status?.isFile()) found.push({ path: file, number, bytes: status.size })
  }
  found.sort((a, b) => a.number - b.number)
  const newest = found.pop()
  if (newest === undefined) return []
  const bytes = await repairFile(newest.path).catch((error: unknown) => {
    throw toOutputError(newest.path, error)
  })
  return bytes === 0 ? found : [...found, { ...newest, bytes }]
}

/** Cuts off what is not whole at the end of a file, and returns its length; removes a file without a whole header. */
async function repairFile(file: string): Promise<number> {
  const handle = await open(file, 'r+')
  let whole: number
  try {
    const status = await handle.stat()
    const endClaim = claimOutput(status)
    try {
      const read = async (at: number, length: number) => {
        const bytes = Buffer.allocUnsafe(length)
        const { bytesRead } = await handle.read(bytes, 0, length, at)
        return bytes.subarray(0, bytesRead)
      }
      whole = await findWholeLength(read, status.size)
      if (whole < status.size) await handle.truncate(whole)
    } finally {
      endClaim()
    }
  } finally {
    await handle.close()
  }
  if (whole === 0) await rm(file, { force: true })
  return whole
}
