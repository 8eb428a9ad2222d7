/**
 * A line of an NSS key log: label, client random, secret. Anything else that stands in the file, comments too, is no secret.
 * https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html
 */
const keyLogLine =
  /^(CLIENT_RANDOM|RSA|ECH_SECRET|ECH_CONFIG|(EARLY_)?EXPORTER_SECRET|CLIENT_EARLY_TRAFFIC_SECRET|(CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_\d{1,9})) [0-9a-fA-F]{2,128} [0-9a-fA-F]{2,2048}$/

const maxLineLength = 4_096
/** A line that is read again, because the file was copied or read anew, is not written again. */
const maxRemembered = 20_000

export interface KeyLogReader {
  /** Takes the next bytes of the file; gives the valid lines they complete, new ones only, newlines included. '' for none. */
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
