import { describe, expect, test } from 'vitest'
import { makeUploadWindow } from '../../src/capture/upload-window.ts'
import { largestPieceBytes } from '../../src/remote/upload-script.ts'

const programBytes = 3_000_000
/** What the remote side needs for a piece. */
const pieceMs = 3

interface Link {
  readonly bytesPerSecond: number
  readonly roundTripMs: number
}

/** Sends a program over a link that is simulated. Returns how long it took, the longest wait for an acknowledgement, and for an empty link. */
function simulate({ bytesPerSecond, roundTripMs }: Link) {
  const window = makeUploadWindow()
  const acknowledgements: number[] = []
  let [nowMs, freeMs, leftBytes, longestGapMs, longestQueueMs] = [0, 0, programBytes, 0, 0]
  const send = () => {
    for (;;) {
      const run = window.send(leftBytes, nowMs)
      if (run === undefined) break
      leftBytes -= run.bytes
      for (let at = 0; at < run.bytes; at += largestPieceBytes) {
        const bytes = Math.min(largestPieceBytes, run.bytes - at)
        freeMs = Math.max(freeMs, nowMs) + (bytes / bytesPerSecond) * 1000
        const takenMs = Math.max(freeMs + roundTripMs / 2, (acknowledgements.at(-1) ?? 0) - roundTripMs / 2) + pieceMs
        acknowledgements.push(takenMs + roundTripMs / 2)
      }
    }
    longestQueueMs = Math.max(longestQueueMs, freeMs - nowMs)
  }
  send()
  while (acknowledgements.length > 0) {
    const [nextMs = 0] = acknowledgements.splice(0, 1)
    longestGapMs = Math.max(longestGapMs, nextMs - nowMs)
    nowMs = nextMs
    window.acknowledge(nowMs)
    send()
  }
  return { tookMs: nowMs, longestGapMs, longestQueueMs, idealMs: (programBytes / bytesPerSecond) * 1000, leftBytes }
}

const kbit = 1000 / 8
describe.each([
  ['64 kbit/s', 64 * kbit],
  ['1 Mbit/s', 1_000 * kbit],
  ['10 Mbit/s', 10_000 * kbit],
  ['1 Gbit/s', 1_000_000 * kbit],
])('with %s', (_name, bytesPerSecond) => {
  test.each([1, 50, 600])('and a round trip of %s ms the link is kept busy, and its queue short', (roundTripMs) => {
    const { leftBytes, tookMs, idealMs, longestGapMs, longestQueueMs } = simulate({ bytesPerSecond, roundTripMs })
    expect(leftBytes).toBe(0)
    // A dozen round trips until the window has grown.
    expect(tookMs).toBeLessThan(idealMs * 1.2 + roundTripMs * 14 + 400)
    expect(longestGapMs).toBeLessThan(2_000)
    expect(longestQueueMs).toBeLessThan(2_100)
  })
})

test('a link that slows down to 64 kbit/s carries a piece well within the 15 s that a channel may be silent', () => {
  expect(largestPieceBytes / (64 * kbit)).toBeLessThan(10)
})

test('an acknowledgement of what was never sent counts nothing', () => {
  const window = makeUploadWindow()
  expect(window.acknowledge(0)).toBe(0)
  const { bytes } = window.send(100, 0) ?? {}
  expect([bytes, window.acknowledge(1), window.acknowledge(2)]).toEqual([100, 100, 0])
})
