import { open } from 'node:fs/promises'
import { KcapError } from '../base/kcap-error.ts'

const states: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
}

/**
 * Checks the tcpdump to upload, before any cluster is asked.
 * @throws {KcapError} usage — when the file can't be read
 */
export async function refuseUnreadableUpload(file: string | undefined): Promise<void> {
  if (file === undefined) return
  let state: string | undefined
  try {
    const handle = await open(file, 'r')
    if (!(await handle.stat()).isFile()) state = 'it is no regular file'
    await handle.close()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    state = states[code] ?? message
  }
  if (state !== undefined)
    throw new KcapError('usage', `cannot upload "${file}": ${state}`, {
      hints: ['--upload-tcpdump FILE takes a static tcpdump for the processor of the node'],
    })
}
