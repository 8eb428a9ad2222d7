import { type Stats, statSync } from 'node:fs'
import type { OutputName } from '../base/capture-request.ts'
import { isNamedPipe } from './named-pipe-output.ts'

const stdoutDescriptor = 1
const standardDescriptors: ReadonlyMap<string, number> = new Map([
  ['-', stdoutDescriptor],
  ['/dev/stdout', stdoutDescriptor],
  ['/dev/stderr', 2],
])

/** Returns what a path of a command line stands for: a descriptor of this process, a FIFO, a device, or a file to create. */
export function nameOutput(path: string, overwrite: boolean): OutputName {
  const descriptor = findDescriptor(path)
  if (descriptor === stdoutDescriptor) return { kind: 'stdout' }
  if (descriptor !== undefined) return { kind: 'descriptor', descriptor, path }
  const status = readStatus(path)
  if (status?.isFIFO() || isNamedPipe(path)) return { kind: 'pipe', path }
  return status?.isCharacterDevice() ? { kind: 'device', path } : { kind: 'file', path, overwrite }
}

/** Opening `/dev/fd/63` again fails for a socket or another user's pipe, and truncates a file: the descriptor itself is used. */
function findDescriptor(path: string): number | undefined {
  const known = standardDescriptors.get(path)
  if (known !== undefined) return known
  const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(path) ?? []
  return digits === undefined ? undefined : Number(digits)
}

function readStatus(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // Opening it reports why.
    return undefined
  }
}
