import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { CaptureRequest, UploadRequest } from '../base/capture-request.ts'
import type { FileFigures } from '../base/file-figures.ts'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { UploadQueue } from '../store/upload-queue.ts'
import { describeTargets } from './describe-capture.ts'
import { readFigures } from './read-figures.ts'

// Tested by test/session/store-output.test.ts.

/** Upload of the files of a ring. */
export interface RingUpload extends Pick<UploadQueue, 'add' | 'drop' | 'chooseRemoved' | 'takeLossNote'> {
  /** URL of a file in the store. */
  urlOf(file: string): string
  /**
   * Waits for the remaining files.
   * @throws {KcapError} store-incomplete — when some could not be stored in time; they stay where they are
   */
  finish(): Promise<void>
}

export interface RingUploadContext {
  readonly signal: AbortSignal
  readonly tell: (event: string) => void
  /** Name of the capture. */
  readonly name: string
  /** Files of an earlier run, which may not be stored yet; oldest first. */
  readonly adopted: readonly string[]
  /** Folder that exists only for this upload. */
  readonly ownFolder: string | undefined
  /** Called when the store has confirmed a file. */
  readonly onStored: (file: string) => Promise<void>
}

/**
 * Opens the store of a request for the files of its ring.
 * @throws {KcapError} store-* — when the store refuses files, or is away and no earlier run used it
 */
export async function openRingUpload(
  request: CaptureRequest,
  { store, finishMs, node }: UploadRequest,
  context: RingUploadContext,
): Promise<RingUpload> {
  const { signal, tell, name, adopted, ownFolder, onStored } = context
  const { openUpload } = await import('../store/open-upload.ts')
  const opened = await openUpload(store, {
    name,
    targets: describeTargets(request),
    node,
    mayBeAway: request.rotation?.resume === true,
    signal,
    tell,
    onStored,
  }).catch(async (error: unknown) => {
    if (ownFolder !== undefined) await rm(ownFolder, { recursive: true, force: true })
    throw error
  })
  const { queue } = opened
  // Later calls wait for the files of the earlier run, which are older.
  let turn = addFiles(adopted, queue)
  const inTurn = (work: () => void) => {
    turn = turn.then(work)
  }
  return {
    chooseRemoved: queue.chooseRemoved,
    takeLossNote: queue.takeLossNote,
    urlOf: opened.urlOf,
    add: (file, figures) => inTurn(() => queue.add(file, figures)),
    drop: (file) => inTurn(() => queue.drop(file)),
    async finish() {
      await turn
      const { waiting, error } = await queue.finish(finishMs)
      opened.close()
      const [first] = waiting
      if (first === undefined) {
        if (ownFolder !== undefined) await rm(ownFolder, { recursive: true, force: true })
        return
      }
      const folder = path.dirname(first.path)
      const [count, reason] = [
        waiting.length === 1 ? '1 file' : `${waiting.length} files`,
        error === undefined ? 'the time was too short' : error.message,
      ]
      throw new KcapError('store-incomplete', `cannot store ${count} in "${opened.urlOf('')}": ${reason}`, {
        hints: [
          `not stored: ${first.path}${waiting.length === 1 ? '' : ` and the files after it in ${folder}`}`,
          line('aws', 's3', 'cp', '--recursive', fileWord(folder), opened.urlOf('')),
          ...(error?.remedies ?? []),
        ],
        cause: error,
      })
    },
  }
}

/** Adds the files of an earlier run. A file that the ring removes meanwhile is skipped. */
async function addFiles(files: readonly string[], queue: UploadQueue): Promise<void> {
  for (const file of files) {
    const figures: FileFigures | undefined = await readFigures(file).catch(() => undefined)
    if (figures !== undefined) queue.add(file, figures)
  }
}
