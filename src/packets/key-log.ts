/**
 * A line of an NSS key log: label, client random, secret. Anything else that stands in the file, comments too, is no secret.
 * https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html
 */
const keyLogLine =
  /^(CLIENT_RANDOM|RSA|ECH_SECRET|ECH_CONFIG|(EARLY_)?EXPORTER_SECRET|CLIENT_EARLY_TRAFFIC_SECRET|(CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_\d{1,9})) [0-9a-fA-F]{2,128} [0-9a-fA-F]{2,2048}$/

const maxLineLength = 4_096
/** A line that is read again, because the file was copied or read anew, is not written again. */
const maxRemembered = 20_000

/** A block of a capture is read whole by those who read captures. */
const maxBlockLength = 64 * 1024

export interface KeyLogReader {
  /** Takes the next bytes of the file; returns the valid lines they complete, new ones only, newlines included. '' for none. */
  push(chunk: Buffer): string
  /** The file begins anew: what stands there of a begun line will not be completed. */
  restart(): void
}

/** Reads a key log that grows, cut into any chunks. */
export function makeKeyLogReader(): KeyLogReader {
  let rest = ''
  let seen = new Set<string>()
  /** Half of what is remembered: to forget it as a whole is cheap. */
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
      const valid = lines.map((line) => line.trimEnd()).filter((line) => keyLogLine.test(line) && isNew(line))
      return valid.map((line) => `${line}\n`).join('')
    },
    restart() {
      rest = ''
    },
  }
}

/** Returns the lines in pieces for one block each. */
export function splitKeyLines(lines: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = lines.length - at <= maxBlockLength ? lines.length : lines.lastIndexOf('\n', at + maxBlockLength) + 1
    pieces.push(lines.slice(at, end))
    at = end
  }
  return pieces
}

/** Returns the newest of the lines, of no more than this length. */
export function takeNewestKeyLines(lines: string, maxLength: number): string {
  return lines.length <= maxLength ? lines : lines.slice(lines.indexOf('\n', lines.length - maxLength - 1) + 1)
}
