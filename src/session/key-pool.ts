import type { Handshakes } from '../packets/find-handshakes.ts'

/** Keys that no packet has needed so far; the newest of them. */
const maxWaitingLength = 4 * 1024 * 1024
/** Sessions whose keys have not come yet, and may. */
const maxNeeded = 20_000

/** Decides which lines of a key log go into the capture. */
export interface KeyPool {
  /** Returns those of the new lines that belong into the capture now. */
  add(lines: string): string
  /** Returns the lines that came before, for sessions that begin in packets about to be written. */
  need(handshakes: Handshakes): string
}

/**
 * A line that comes while packets are written belongs into the capture. One that came before the first packet is of a session that began before the
 * capture, which nobody can decrypt, unless a packet shows the session's ClientHello: with it the line is needed. So are lines beyond `liveBytes`, of
 * which there are too many for the output, so that the newest sessions have their keys.
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

  /** A line that names its session by something else is needed as soon as it comes. */
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
        // The newest first: it is for them that there is room.
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
