import type { Handshakes } from '../packets/find-handshakes.ts'

/** Maximum length of keys that no packet has needed so far; only the newest are kept. */
const maxWaitingLength = 4 * 1024 * 1024
/** Maximum number of sessions whose keys have not arrived yet. */
const maxNeeded = 20_000

/** Decides which lines of a key log go into the capture. */
export interface KeyPool {
  /** Adds lines; returns those that belong in the capture now. */
  add(lines: string): string
  /** Returns earlier lines for sessions that begin in packets about to be written. */
  need(handshakes: Handshakes): string
}

/**
 * Makes the pool. A line that arrives while packets are written belongs in the capture. A line from before the first packet belongs to an older
 * session, which nobody can decrypt. It is needed only when a packet shows the session's ClientHello. The same holds for lines beyond `liveBytes`,
 * which are too many for the output: the newest sessions have their keys.
 */
export function makeKeyPool(liveBytes: number): KeyPool {
  const waiting = new Map<string, string>()
  let waitingLength = 0
  const needed = new Set<string>()
  let hasPackets = false
  let hasQuic = false
  let liveLength = 0

  function takeWaiting(random: string): string {
    const lines = waiting.get(random) ?? ''
    waiting.delete(random)
    waitingLength -= lines.length
    return lines
  }

  function keepWaiting(random: string, line: string): void {
    // The newest come last in the map's order.
    const lines = takeWaiting(random) + line
    waiting.set(random, lines)
    waitingLength += lines.length
    for (const [oldest] of waiting) {
      if (waitingLength <= maxWaitingLength) break
      takeWaiting(oldest)
    }
  }

  /** Reports whether a line is needed now. A line that identifies its session by something else is needed as soon as it arrives. */
  function isNeeded(random: string, line: string): boolean {
    if (needed.has(random)) return true
    if (!(hasPackets || /^(?:RSA|ECH_)/.test(line)) || liveLength + line.length > liveBytes) return false
    liveLength += line.length
    return true
  }

  return {
    add(lines) {
      let ready = ''
      for (const line of lines.split(/(?<=\n)/)) {
        const random = (line.split(' ', 2)[1] ?? '').toLowerCase()
        if (isNeeded(random, line)) ready += line
        else keepWaiting(random, line)
      }
      return ready
    },
    need(handshakes) {
      hasPackets = true
      let ready = ''
      for (const random of handshakes.clientRandoms) {
        needed.delete(random)
        needed.add(random)
        ready += takeWaiting(random)
      }
      for (const oldest of needed) {
        if (needed.size <= maxNeeded) break
        needed.delete(oldest)
      }
      if (handshakes.hasQuic && !hasQuic) {
        hasQuic = true
        // The newest first: the room is for them.
        for (const random of [...waiting.keys()].reverse()) {
          const lines = waiting.get(random) ?? ''
          if (liveLength + lines.length > liveBytes) break
          liveLength += lines.length
          ready += takeWaiting(random)
        }
      }
      return ready
    },
  }
}
