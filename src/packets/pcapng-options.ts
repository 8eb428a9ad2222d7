import { optionCodes, padded } from './pcapng-block.ts'

/**
 * Visits each option from `start` to `end` with the position of its value; returns false when one does not end there. The list may lack its end mark.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §3.5
 */
export function visitOptions(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  visit: (code: number, at: number, length: number) => void,
): boolean {
  for (let at = start; at + 4 <= end; ) {
    const code = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    if (code === optionCodes.endOfOptions) return true
    if (at + 4 + length > end) return false
    visit(code, at + 4, length)
    at += 4 + padded(length)
  }
  return true
}

/** Reads a text, up to a zero byte if it has one against the draft. Cuts a long text at the end of a character. */
export function readOptionText(block: Buffer, at: number, length: number, maxLength: number): string | undefined {
  let end = at + length
  if (length > maxLength) {
    end = at + maxLength
    while (end > at && ((block[end] ?? 0) & 0xc0) === 0x80) end--
  }
  return block.toString('utf8', at, end).split('\0', 1)[0] || undefined
}
