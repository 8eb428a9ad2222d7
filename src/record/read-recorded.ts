import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import type { RecordedPart } from '../base/target.ts'
import type { TimeRange } from '../packets/wanted-blocks.ts'
import { endLine, formatFrameHead, formatPlan, type RecordingPosition } from '../share/recording-protocol.ts'
import { listRecordedFiles } from './recorder-folder.ts'
import { findFirstTimeMs, scanBlocks } from './scan-blocks.ts'

export interface ReadRecordedOptions {
  readonly folder: string
  readonly part: RecordedPart
  /** Position up to which another connection has read; undefined: none has. */
  readonly after: RecordingPosition | undefined
  readonly signal: AbortSignal
}

interface OpenFile {
  readonly name: string
  readonly handle: FileHandle
  readonly size: number
  readonly offset: number
}

/**
 * Yields the answer of `kcap record read`, as `share/recording-protocol.ts` reads it. Opens all files first: what the ring removes meanwhile can
 * still be read.
 * @throws {KcapError} pod-not-found — when nothing is recorded here
 */
export async function* readRecorded({
  folder,
  part,
  after,
  signal,
}: ReadRecordedOptions): AsyncGenerator<readonly Buffer[]> {
  const range: TimeRange = { fromMs: part.fromMs ?? 0, toMs: part.toMs ?? Date.now() }
  const files = await openFiles(folder, range, after)
  try {
    const totalBytes = files.reduce((sum, { size, offset }) => sum + size - offset, 0)
    yield [Buffer.from(formatPlan({ totalBytes, part: range }))]
    for (const { name, handle, size, offset } of files) {
      for await (const found of scanBlocks({ file: handle, offset, size, range })) {
        signal.throwIfAborted()
        yield [Buffer.from(formatFrameHead({ file: name, ...found })), found.bytes]
      }
    }
    yield [Buffer.from(endLine)]
  } finally {
    for (const { handle } of files) await handle.close().catch(() => {})
  }
}

async function openFiles(folder: string, range: TimeRange, after: RecordingPosition | undefined): Promise<OpenFile[]> {
  const names = await listRecordedFiles(folder).catch(() => {
    throw new KcapError('pod-not-found', `cannot read "${folder}": nothing is recorded here`)
  })
  const open: OpenFile[] = []
  for (const name of names) {
    const isRead = after !== undefined && compareFiles(name, after.file) < 0
    const file = isRead ? undefined : await openFile(folder, name, range)
    if (file !== undefined) open.push(name === after?.file ? { ...file, offset: after.offset } : file)
  }
  return open
}

async function openFile(folder: string, name: string, range: TimeRange): Promise<OpenFile | undefined> {
  // The ring may remove the oldest file at any moment.
  const handle = await open(path.join(folder, name)).catch(() => undefined)
  if (handle === undefined) return undefined
  const { size, mtimeMs } = await handle.stat()
  const firstMs = await findFirstTimeMs(handle, size)
  // A file was last written after its last packet had been captured.
  if (firstMs !== undefined && firstMs <= range.toMs + disorderMs && mtimeMs >= range.fromMs)
    return { name, handle, size, offset: 0 }
  await handle.close()
  return undefined
}

/** Packets of a file may be earlier than its first one by the merge window, and by what a kernel holds back. */
const disorderMs = 15_000

/** Compares the counts of two ring files. */
function compareFiles(one: string, other: string): number {
  const countOf = (name: string) => Number(/_(\d+)_\d{14}\.pcapng$/.exec(name)?.[1] ?? 0)
  return countOf(one) - countOf(other)
}
