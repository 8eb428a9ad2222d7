import { KcapError } from '../base/kcap-error.ts'

/** Maximum length of a quotation from a remote host that prints text instead of capturing. */
const maxQuotedLength = 200

/** Returns the error for a stream that does not begin like a capture. */
export function notACapture(start: Buffer, sourceName: string): KcapError {
  return new KcapError('not-a-capture', `cannot read packets of "${sourceName}": it sent ${quoteFirstLine(start)}`, {
    hints: [
      'something on the remote host prints before or instead of the capture: a shell profile, a wrapper around tcpdump, a banner, a command that the account is limited to',
    ],
  })
}

/** Returns the error for a stream that began like a capture; `state` names the byte. */
export function corruptCapture(state: string, sourceName: string): KcapError {
  return new KcapError('corrupt-capture', `cannot read packets of "${sourceName}": ${state}`, {
    hints: ['the packets before it are kept; the capture program or the connection has damaged the stream'],
  })
}

/** Quotes the first line that arrived instead of a capture, as plain printable text. */
function quoteFirstLine(bytes: Buffer): string {
  const line = bytes.toString('utf8', 0, maxQuotedLength).split(/[\r\n]/, 1)[0] ?? ''
  const printable = line.replace(/\p{C}/gu, '')
  const isText = printable.length > 0 && !printable.includes('\ufffd')
  return isText ? `the text "${printable}"` : `bytes that are no capture (${bytes.toString('hex', 0, 8)})`
}
