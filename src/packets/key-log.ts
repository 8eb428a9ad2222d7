/**
 * A line of an NSS key log: label, client random, secret. Other lines in the file, such as comments, are not secrets.
 * https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html
 */
const keyLogLine =
  /^(CLIENT_RANDOM|RSA|ECH_SECRET|ECH_CONFIG|(EARLY_)?EXPORTER_SECRET|CLIENT_EARLY_TRAFFIC_SECRET|(CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_\d{1,9})) [0-9a-fA-F]{2,128} [0-9a-fA-F]{2,2048}$/

/** Returns whether a line, without its end, is a line of a key log. */
export function isKeyLogLine(line: string): boolean {
  return keyLogLine.test(line)
}

const maxLineLength = 4_096
/** Maximum number of lines that are remembered. A line that is read again, because the file was copied or started over, is not written again. */
const maxRemembered = 20_000

/** Maximum length of the lines in one block, which readers of captures read whole. */
const maxBlockLength = 64 * 1024

export interface KeyLogReader {
  /** Takes the next bytes of the file. Returns the valid new lines that they complete, newlines included; '' for none. */
  push(chunk: Buffer): string
  /** Starts over at the beginning of a file; an unfinished line will not be completed. */
  restart(): void
}

/** Makes a reader of a growing key log, cut into any chunks. */
export function makeKeyLogReader(): KeyLogReader {
  let rest = ''
  let seen = new Set<string>()
  /** Older half of the remembered lines: forgetting them all at once is cheap. */
  let seenBefore = new Set<string>()
  const isNew = (line: string) => {
    if (seen.has(line) || seenBefore.has(line)) return false
    seen.add(line)
    if (seen.size >= maxRemembered / 2) {
      seenBefore = seen
      seen = new Set()
    }
    return true
  }
  return {
    push(chunk) {
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = (lines.pop() ?? '').slice(0, maxLineLength)
      const valid = lines.map((line) => line.trimEnd()).filter((line) => isKeyLogLine(line) && isNew(line))
      return valid.map((line) => `${line}\n`).join('')
    },
    restart() {
      rest = ''
    },
  }
}

/** Splits lines into pieces for one block each. */
export function splitKeyLines(lines: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = lines.length - at <= maxBlockLength ? lines.length : lines.lastIndexOf('\n', at + maxBlockLength) + 1
    pieces.push(lines.slice(at, end))
    at = end
  }
  return pieces
}

/** Returns the newest of the lines, up to this length. */
export function takeNewestKeyLines(lines: string, maxLength: number): string {
  return lines.length <= maxLength ? lines : lines.slice(lines.indexOf('\n', lines.length - maxLength - 1) + 1)
}
