import type { AddressName } from '../base/address-name.ts'
import type { CaptureRequest } from '../base/capture-request.ts'
import type { StreamNotes } from '../packets/stream-notes.ts'
import type { CaptureWriter } from './capture-writer.ts'
import type { KeyWriter } from './write-keys.ts'

/** Maximum number of names that are remembered. A stream repeats all of them each time it is read again. */
const maxRemembered = 200_000

export interface SharedNotesOptions {
  readonly request: Pick<CaptureRequest, 'names'>
  readonly writer: Pick<CaptureWriter, 'addNames'>
  readonly keys: Pick<KeyWriter, 'writeShared'>
  readonly fail: (error: unknown) => void
}

/** Makes the part of a capture that writes names and secrets of shared streams into its output, each once. */
export function makeSharedNotes({ request, writer, keys, fail }: SharedNotesOptions): StreamNotes {
  const seen = new Set<string>()
  const isNew = ({ address, name }: AddressName) => {
    const key = `${address} ${name}`
    if (seen.has(key)) return false
    if (seen.size >= maxRemembered) seen.clear()
    seen.add(key)
    return true
  }
  return {
    takeNames(names) {
      const added = request.names ? names.filter(isNew) : []
      if (added.length > 0) void writer.addNames(added).catch(fail)
    },
    takeTlsSecrets: keys.writeShared,
  }
}
