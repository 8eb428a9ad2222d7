import type { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'

/** Wireshark keeps 1,024 bytes of stderr and shows them in a dialog. */
const maxBytes = 990

/** The one text of a failed capture, for a dialog: what could not be done, then what to try. */
export function formatFailure(error: KcapError): string {
  const lines = [printable(error.message), ...error.hints.map((hint) => `  ${printable(hint)}`)]
  let text = ''
  for (const line of lines) {
    if (Buffer.byteLength(text + line) + 1 > maxBytes) break
    text += `${line}\n`
  }
  return text === ''
    ? `${Buffer.from(printable(error.message))
        .subarray(0, maxBytes)
        .toString('utf8')
        .replace(/\ufffd$/, '')}\n`
    : text
}
