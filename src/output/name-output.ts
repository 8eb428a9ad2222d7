import { type Stats, statSync } from 'node:fs'
import type { OutputName } from '../base/capture-request.ts'
import { isNamedPipe } from './named-pipe-output.ts'

const stdoutDescriptor = 1
const standardDescriptors: ReadonlyMap<string, number> = new Map([
  ['-', stdoutDescriptor],
  ['/dev/stdout', stdoutDescriptor],
  ['/dev/stderr', 2],
])

/** Returns what a path on the command line refers to: a descriptor of this process, a FIFO, a device, or a file to create. */
export function nameOutput(path: string, overwrite: boolean): OutputName {
  const descriptor = findDescriptor(path)
  if (descriptor === stdoutDescriptor) return { kind: 'stdout' }
  if (descriptor !== undefined) return { kind: 'descriptor', descriptor, path }
  const status = readStatus(path)
  if (status?.isFIFO() || isNamedPipe(path)) return { kind: 'pipe', path }
  return status?.isCharacterDevice() ? { kind: 'device', path } : { kind: 'file', path, overwrite }
}

/** Returns the descriptor that a path refers to. Opening `/dev/fd/63` again would fail for a socket or another user's pipe, and truncate a file. */
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
