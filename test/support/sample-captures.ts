import { formatPcap } from './packets.ts'
import { makeBlockFormat } from './pcapng-blocks.ts'

const packets = [0, 60, 300].map((length, i) => ({
  seconds: 1_700_000_000 + i,
  nanoseconds: 999_999_000,
  data: Buffer.alloc(length, i),
  originalLength: 1500,
}))

/** Captures with all that a reader meets, in both byte orders; `linkTypes` are those of a pcapng's second and third interface, the first has 1. */
export function makeSampleCaptures(linkTypes: { readonly cooked: number; readonly plain: number }) {
  const pcaps = [true, false].flatMap((littleEndian) =>
    [true, false].map((nanosecond) => formatPcap(packets, { littleEndian, nanosecond })),
  )

  const pcapngs = [true, false].map((littleEndian) => {
    const format = makeBlockFormat(littleEndian)
    const other = makeBlockFormat(!littleEndian)
    return Buffer.concat([
      format.section(),
      format.interface(1, 128, format.option(2, Buffer.from('eth0')), format.option(9, Buffer.of(9))),
      format.enhanced(0, 1_700_000_000_999_999_999n, Buffer.alloc(60), 1500, format.option(1, Buffer.from('comment'))),
      format.block(0x0bad, Buffer.alloc(20)),
      format.interface(linkTypes.cooked, 0, format.option(9, Buffer.of(0x94)), format.option(14, format.long(-5n))),
      format.enhanced(1, (1_700_000_000n << 20n) + 77n, Buffer.alloc(33, 3)),
      format.obsolete(0, 5, 88n, Buffer.alloc(7, 4)),
      format.simple(Buffer.alloc(128), 1500),
      other.section(),
      other.interface(linkTypes.plain, 262_144, other.option(3, Buffer.from('second'))),
      other.enhanced(0, 99n, Buffer.alloc(20)),
      other.statistics(0, other.option(4, other.long(5n)), other.option(5, other.long(6n))),
    ])
  })
  return { pcaps, pcapngs }
}
