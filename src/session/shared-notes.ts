import type { AddressName } from '../base/address-name.ts'
import type { CaptureRequest } from '../base/capture-request.ts'
import type { StreamNotes } from '../packets/stream-notes.ts'
import type { CaptureWriter } from './capture-writer.ts'
import type { KeyWriter } from './write-keys.ts'

/** Maximum length of the names that are remembered. A stream repeats all of them each time it is read again. */
const maxRememberedLength = 16 * 1024 * 1024

export interface SharedNotesOptions {
  readonly request: Pick<CaptureRequest, 'names'>
  readonly writer: Pick<CaptureWriter, 'addNames'>
  readonly keys: Pick<KeyWriter, 'writeShared'>
  readonly fail: (error: unknown) => void
}

/** Makes the part of a capture that writes names and secrets of shared streams into its output, each once. */
export function makeSharedNotes({ request, writer, keys, fail }: SharedNotesOptions): StreamNotes {
  const seen = new Set<string>()
  let seenLength = 0
  let taken: Promise<unknown> = Promise.resolve()
  const isNew = ({ address, name }: AddressName) => {
    const key = `${address} ${name}`
    if (seen.has(key)) return false
    seenLength += key.length
    if (seenLength > maxRememberedLength) {
      seen.clear()
      seenLength = key.length
    }
    seen.add(key)
    return true
  }
  const wait = (work: Promise<void>) => {
    taken = Promise.all([taken, work.catch(fail)])
  }
  return {
    takeNames(names) {
      const added = request.names ? names.filter(isNew) : []
      if (added.length > 0) wait(writer.addNames(added))
    },
    takeTlsSecrets: (lines) => wait(keys.writeShared(lines)),
    async taken() {
      await taken
    },
  }
}
