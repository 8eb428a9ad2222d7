import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterThisFile } from './cleanups.ts'

/** Makes a folder for one test file, and removes it after the file: `const folder = await makeTempFolder()` at its top. */
export async function makeTempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kcap-test-'))
  afterThisFile.add(() => rm(folder, { recursive: true, force: true }))
  return folder
}
