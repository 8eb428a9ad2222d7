import { lstatSync, statSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { toShareError } from './share-error.ts'

/** Maximum length of a socket's path: that of macOS and BSD; Linux takes three bytes more. */
const maxPathBytes = 103

/**
 * Lets a server listen at a unix socket that only this user may open. A socket that a killed kcap left is replaced; the end of the server removes it.
 * @throws {KcapError} share-failed — when the socket can't be made, or somebody listens there
 */
export async function listenAtSocket(server: Server, path: string): Promise<void> {
  try {
    // Node 20 cuts a longer path, and reports a missing folder as a missing right.
    if (Buffer.byteLength(path) > maxPathBytes) throw Object.assign(new Error('path too long'), { code: 'EINVAL' })
    statSync(dirname(path))
    await removeStale(path)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // The socket is made within this call; a mode set afterwards would leave a moment for others.
      const before = process.umask(0o177)
      try {
        server.listen({ path }, resolve)
      } finally {
        process.umask(before)
      }
    })
  } catch (error) {
    throw toShareError(`unix:${path}`, error as NodeJS.ErrnoException)
  }
  server.on('error', () => {})
}

/** Removes a socket of this user that nobody listens at any more. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw Object.assign(new Error('file exists'), { code: 'EEXIST' })
  if (found.uid !== process.geteuid?.()) throw Object.assign(new Error('not the owner'), { code: 'EACCES' })
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = connect({ path }, () => {
      probe.destroy()
      resolve(true)
    }).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'))
  })
  if (isAlive) throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' })
  unlinkSync(path)
}
