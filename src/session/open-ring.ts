import path from 'node:path'
import type { CaptureRequest, OutputName } from '../base/capture-request.ts'
import type { FileFigures } from '../base/file-figures.ts'
import { makeFolder } from '../host/make-folder.ts'
import { findAbandonedFolders, makeWaitingFolder } from '../host/waiting-folder.ts'
import type { ByteOutput } from '../output/byte-output.ts'
import { makeRingFiles } from '../output/ring-files.ts'
import { makeCaptureName } from '../store/capture-name.ts'
import { adoptFiles } from './adopt-files.ts'
import type { CaptureWriter } from './capture-writer.ts'
import type { OpenWriter } from './opened-writer.ts'
import { makeRotatingWriter } from './rotating-writer.ts'
import { openRingUpload, type RingUpload } from './upload-ring.ts'

// Tested by test/session/rotation.test.ts.

export interface RingContext {
  readonly signal: AbortSignal
  readonly tell: (event: string) => void
}

/** Names of outputs that are a series of files. */
export type RingOutput = Extract<OutputName, { readonly kind: 'file' | 'store' }>

/**
 * Opens a series of files. With `upload`, each file goes to the object store when it is complete; without an output file, only there.
 * @throws {KcapError} output-* — when a file can't be written
 * @throws {KcapError} store-* — when the object store refuses the files
 */
export async function openRing(
  request: CaptureRequest,
  output: RingOutput,
  makeWriter: (output: ByteOutput, note?: string) => CaptureWriter,
  context: RingContext,
): Promise<OpenWriter> {
  const { rotation = {}, upload, format } = request
  const captureName = upload?.name ?? makeCaptureName()
  if (output.kind === 'store' && output.folder === undefined)
    for (const abandoned of findAbandonedFolders())
      context.tell(`files that an earlier capture could not store are in "${abandoned}"`)
  if (output.kind === 'store' && output.folder !== undefined) makeFolder(output.folder)
  const folder = output.kind === 'store' ? (output.folder ?? makeWaitingFolder()) : undefined
  const base = output.kind === 'file' ? output.path : path.join(folder ?? '', `${captureName}.${format}`)
  const adopted = rotation.resume === true ? await adoptFiles(base) : []

  /** Finished files of this run that still exist here. */
  const finished = new Map<string, FileFigures>()
  /** Sum of those that exist only in the store. */
  const moved = { packets: 0, bytes: 0 }
  const stored = new Set<string>()
  const forget = (file: string) => {
    const figures = finished.get(file)
    if (figures !== undefined && stored.has(file)) {
      moved.packets += figures.packets
      moved.bytes += figures.bytes
    }
    finished.delete(file)
    stored.delete(file)
  }
  let ringUpload: RingUpload | undefined
  const ring = makeRingFiles({
    file: base,
    overwrite: output.kind === 'file' && output.overwrite,
    maxFiles: rotation.maxFiles,
    keepBytes: rotation.keepBytes,
    fileBytes: rotation.fileBytes,
    adopted,
    chooseRemoved: (files) => ringUpload?.chooseRemoved(files),
    onRemoved(file) {
      ringUpload?.drop(file)
      forget(file)
    },
  })
  if (upload !== undefined) {
    ringUpload = await openRingUpload(request, upload, {
      ...context,
      name: captureName,
      adopted: adopted.map(({ path }) => path),
      ownFolder: output.kind === 'store' && output.folder === undefined ? folder : undefined,
      async onStored(file) {
        stored.add(file)
        if (output.kind !== 'store') return
        await ring.release(file)
        forget(file)
      },
    })
  }

  let current: ByteOutput | undefined
  let fileCount = 0
  const writer = await makeRotatingWriter(rotation, {
    async openNext(figures) {
      await current?.close()
      const next = await ring.openNext()
      if (current !== undefined && figures !== undefined) {
        finished.set(current.name, figures)
        ringUpload?.add(current.name, figures)
      }
      current = next
      fileCount += 1
      return makeWriter(next, ringUpload?.takeLossNote())
    },
    get kept() {
      const kept = { ...moved }
      for (const { packets, bytes } of finished.values()) {
        kept.packets += packets
        kept.bytes += bytes
      }
      return kept
    },
  })
  const nameFiles = () => {
    if (output.kind === 'store') {
      const all = ringUpload?.urlOf('') ?? ''
      return fileCount === 1 ? (ringUpload?.urlOf(current?.name ?? '') ?? all) : `${all} (${fileCount} files)`
    }
    const [first = base, ...more] = ring.paths
    return more.length === 0 ? first : `${first} to ${more.at(-1)} (${ring.paths.length} files)`
  }
  return {
    writer,
    get name() {
      return nameFiles()
    },
    readerGone: new Promise(() => {}),
    isLive: false,
    get files() {
      return output.kind === 'store' ? [] : ring.paths
    },
    async close() {
      await current?.close()
      const figures = writer.describeFile()
      // A capture that failed before its first packet has no file.
      if (current !== undefined && figures.bytes > 0) ringUpload?.add(current.name, figures)
      await ringUpload?.finish()
    },
  }
}
