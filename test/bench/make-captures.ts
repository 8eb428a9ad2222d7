import { closeSync, openSync, writeSync } from 'node:fs'
import { formatPcap } from '../support/packets.ts'

/** Sizes of the packets of a bench, in turn. */
export const packetMixes = {
  realistic: [60, 66, 150, 590, 1514, 1514, 1514],
  small: [60],
}

const pieceBytes = 4 * 1024 * 1024
const recordHeaderLength = 16
/** Between two packets of a file, at most, in steps. */
const maxGap = 256
/** Time between packets; up to as many shifted files share no time stamp, so their order is unique. */
const stepNs = 64

/**
 * Writes a pcap of nanoseconds. How long after the one before it a packet comes is by chance, so that the packets of files of different
 * seeds come in turn but in no fixed order. Returns how many there are.
 */
export function writeCapture(file: string, bytes: number, sizes: readonly number[], seed: number): number {
  const options = { littleEndian: true, nanosecond: true }
  const headerLength = formatPcap([], options).length
  const packets = sizes.map((size, i) => ({
    seconds: 0,
    nanoseconds: 0,
    data: Buffer.alloc(size, i + seed),
    originalLength: size,
  }))
  const round = formatPcap(packets, options).subarray(headerLength)
  const piece = Buffer.concat(Array<Buffer>(Math.floor(pieceBytes / round.length)).fill(round))
  const descriptor = openSync(file, 'w')
  let written = writeSync(descriptor, formatPcap([], options))
  let [seconds, nanoseconds, random, count] = [1_700_000_000, seed, seed * 2_654_435_761, 0]
  while (written < bytes) {
    const rounds = Math.min(piece.length, Math.ceil((bytes - written) / round.length) * round.length)
    for (let at = 0; at < rounds; ) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      nanoseconds += (1 + ((random >>> 16) % maxGap)) * stepNs
      if (nanoseconds >= 1e9) {
        seconds += 1
        nanoseconds -= 1e9
      }
      piece.writeUInt32LE(seconds, at)
      piece.writeUInt32LE(nanoseconds, at + 4)
      at += recordHeaderLength + piece.readUInt32LE(at + 8)
      count += 1
    }
    written += writeSync(descriptor, piece, 0, rounds)
  }
  closeSync(descriptor)
  return count
}
