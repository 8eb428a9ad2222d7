import { expect } from 'vitest'
import type { SeenPacket } from './witness.ts'

/** Seconds by which more may be missing than is said: tcpdump holds packets for a second, and dies with its container. */
const toldEdgeSeconds = 2.5

/** Returns the pod's own address: that of most servers in its packets. Its client may be the same in all of them. */
function findAddress(packets: readonly SeenPacket[]): string {
  const counts = new Map<string, number>()
  for (const { server } of packets) counts.set(server, (counts.get(server) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? ''
}

/** Compares a capture with all that has passed: per interface and so per pod, from its first packet to its last. */
export function findMissing(got: readonly SeenPacket[], all: readonly SeenPacket[]) {
  const gaps = got.flatMap(({ timeSeconds: toSeconds, interfaceName, comment }, i) => {
    const told = /about (\d+\.\d) s are missing/.exec(comment)?.[1]
    const before = got.slice(0, i).findLast((packet) => packet.interfaceName === interfaceName)
    return told === undefined ? [] : [{ fromSeconds: before?.timeSeconds ?? 0, toSeconds, toldSeconds: Number(told) }]
  })
  const isIn = (timeSeconds: number, { fromSeconds, toSeconds }: (typeof gaps)[number]) =>
    timeSeconds > fromSeconds && timeSeconds < toSeconds
  const isTold = ({ timeSeconds }: SeenPacket) => gaps.some((gap) => isIn(timeSeconds, gap))
  const received = new Set(got.map(({ what }) => what))
  const passed = [...new Set(got.map(({ interfaceName }) => interfaceName))].flatMap((interfaceName) => {
    const own = got.filter((packet) => packet.interfaceName === interfaceName)
    const address = findAddress(own)
    const [first = 0, last = 0] = [own[0]?.timeSeconds, own.at(-1)?.timeSeconds]
    return all.filter(
      ({ timeSeconds, between }) => timeSeconds > first && timeSeconds < last && between.includes(address),
    )
  })
  const missing = passed.filter(({ what }) => !received.has(what))
  for (const gap of gaps) {
    const times = missing.map(({ timeSeconds }) => timeSeconds).filter((timeSeconds) => isIn(timeSeconds, gap))
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(gap.toldSeconds + toldEdgeSeconds)
  }
  return {
    expected: passed.length,
    missingInGaps: missing.filter(isTold).length,
    missingElsewhere: missing.filter((packet) => !isTold(packet)),
    gaps: gaps.length,
  }
}
