import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterThisFile } from './cleanups.ts'

/** A folder for one test file, removed after it. */
export async function makeTempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kcap-test-'))
  afterThisFile.add(() => rm(folder, { recursive: true, force: true }))
  return folder
}
