import { largestPieceBytes, largestRunDigit, smallestPieceBytes } from '../remote/upload-script.ts'

/** Two of the smallest pieces: while one is acknowledged, the other is in flight. */
const smallestWindowBytes = 2 * smallestPieceBytes
const largestWindowBytes = 1024 * 1024
/** Time in which the link carries one window: longer than any round trip, and short enough to wait for when the user stops. */
const windowMs = 1_000
const runsPerWindow = 4

export interface UploadRun {
  /** Size in the upload script's protocol: `4 KiB << digit`. */
  readonly digit: number
  readonly bytes: number
}

/** Paces the unacknowledged bytes of an upload. */
export interface UploadWindow {
  /** Returns the next run of bytes, which then counts as sent; undefined while enough is in flight. */
  send(leftBytes: number, nowMs: number): UploadRun | undefined
  /** Notes that the remote host has taken the oldest piece. Returns its bytes; 0 if there is none. */
  acknowledge(nowMs: number): number
}

/**
 * Makes a window that paces an upload by its acknowledgements, as TCP does. The link carries what was in flight when a piece was sent, divided by the
 * time until it was taken. Without this, all of it would be in buffers, and neither progress nor Ctrl-C would get past them on a slow link.
 */
export function makeUploadWindow(): UploadWindow {
  const sent: { readonly bytes: number; readonly underWay: number; readonly sentMs: number }[] = []
  let windowBytes = smallestWindowBytes
  let underWay = 0
  return {
    send(leftBytes, sentMs) {
      const wanted = Math.floor(Math.log2(windowBytes / runsPerWindow / smallestPieceBytes))
      const digit = Math.min(Math.max(wanted, 0), largestRunDigit)
      const bytes = Math.min(smallestPieceBytes << digit, leftBytes)
      if (bytes <= 0 || underWay + bytes > windowBytes) return undefined
      for (let at = 0; at < bytes; at += largestPieceBytes) {
        const pieceBytes = Math.min(largestPieceBytes, bytes - at)
        underWay += pieceBytes
        sent.push({ bytes: pieceBytes, underWay, sentMs })
      }
      return { digit, bytes }
    },
    acknowledge(nowMs) {
      const oldest = sent.shift()
      if (oldest === undefined) return 0
      underWay -= oldest.bytes
      const carriedBytes = (oldest.underWay * windowMs) / Math.max(nowMs - oldest.sentMs, 1)
      const growing = Math.min(carriedBytes, 2 * windowBytes, largestWindowBytes)
      windowBytes = Math.max(growing, smallestWindowBytes)
      return oldest.bytes
    },
  }
}
