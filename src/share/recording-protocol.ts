import type { RecordedPart } from '../base/target.ts'

/** Name of the container that records, in the pod of a recorder. */
export const recorderContainer = 'recorder'

/** Interval at which both sides of an exec send a byte: kcap on standard input, the recorder on standard error. */
export const beatMs = 5_000
/** Silence after which the recorder's side ends: kcap is gone. */
export const maxBeatSilenceMs = 30_000

/** Maximum number of bytes of a frame, unless a single block is longer. A reader of 100 recorders holds several frames of each. */
export const frameBytes = 32 * 1024
/** Longest frame that is read: a block with the longest packet, its options, and frames that are a little longer than they should be. */
const maxFrameBytes = 16 * 1024 * 1024
const maxHeadLength = 400

/** A position in the files of a recorder. */
export interface RecordingPosition {
  readonly file: string
  /** Bytes from the start of the file, at the start of a block. */
  readonly offset: number
}

/** Whole blocks of a file. */
export interface RecordingFrame extends RecordingPosition {
  readonly bytes: Buffer
}

/** First line of a recorder's answer. */
export interface RecordingPlan {
  /** Bytes of the files that may have wanted packets: an upper limit of what follows. */
  readonly totalBytes: number
  /** The wanted part, with both its limits. */
  readonly part: Required<RecordedPart>
}

export function formatPlan({ totalBytes, part }: RecordingPlan): string {
  return `plan ${totalBytes} ${part.fromMs ?? 0} ${part.toMs ?? 0}\n`
}

export function formatFrameHead({ file, offset, bytes }: RecordingFrame): string {
  return `frame ${offset} ${bytes.length} ${file}\n`
}

export const endLine = 'end\n'

export type RecordingMessage =
  | ({ readonly kind: 'plan' } & RecordingPlan)
  | ({ readonly kind: 'frame' } & RecordingFrame)
  | { readonly kind: 'end' }

export interface RecordingParser {
  /** Returns the messages that are complete with this chunk. Throws when the bytes are no answer of a recorder. */
  push(chunk: Buffer): RecordingMessage[]
}

/** Makes a parser of a recorder's answer: a line, and after the line of a frame its bytes. */
export function makeRecordingParser(): RecordingParser {
  let chunks: Buffer[] = []
  let length = 0
  let head: { readonly file: string; readonly offset: number; readonly length: number } | undefined

  const takeAll = () => {
    const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    chunks = []
    length = 0
    return all
  }
  const keep = (bytes: Buffer) => {
    if (bytes.length === 0) return
    chunks.push(bytes)
    length += bytes.length
  }
  return {
    push(chunk) {
      keep(chunk)
      const messages: RecordingMessage[] = []
      // A frame is joined once, when it is complete.
      while (length > 0 && (head === undefined || length >= head.length)) {
        const all = takeAll()
        if (head !== undefined) {
          messages.push({ kind: 'frame', file: head.file, offset: head.offset, bytes: all.subarray(0, head.length) })
          keep(all.subarray(head.length))
          head = undefined
          continue
        }
        const end = all.subarray(0, maxHeadLength).indexOf('\n')
        if (end < 0) {
          if (all.length >= maxHeadLength) throw new Error('it sends no frames')
          keep(all)
          break
        }
        const line = parseLine(all.toString('utf8', 0, end))
        keep(all.subarray(end + 1))
        if (line.kind === 'frame') head = line
        else messages.push(line)
      }
      return messages
    },
  }
}

type Line =
  | Exclude<RecordingMessage, { readonly kind: 'frame' }>
  | { readonly kind: 'frame'; readonly file: string; readonly offset: number; readonly length: number }

function parseLine(text: string): Line {
  if (text === 'end') return { kind: 'end' }
  const [, total, fromMs, toMs] = /^plan (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(text) ?? []
  if (total !== undefined)
    return { kind: 'plan', totalBytes: Number(total), part: { fromMs: Number(fromMs), toMs: Number(toMs) } }
  const [, offset, length, file = ''] = /^frame (\d{1,15}) (\d{1,9}) ([\w.-]+)$/.exec(text) ?? []
  if (offset === undefined || Number(length) > maxFrameBytes) throw new Error('it sends no frames')
  return { kind: 'frame', file, offset: Number(offset), length: Number(length) }
}
