import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readFigures } from '../../src/session/read-figures.ts'
import { formatPcap } from '../support/packets.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test('the figures of a file are those of its packets', async () => {
  const file = path.join(await makeTempFolder(), 'a.pcap')
  const packet = (seconds: number) => ({ seconds, nanoseconds: 1_000, data: Buffer.alloc(60), originalLength: 60 })
  const bytes = formatPcap([packet(7), packet(6), packet(8)], { littleEndian: true, nanosecond: true })
  await writeFile(file, bytes)
  expect(await readFigures(file)).toEqual({
    packets: 3,
    bytes: bytes.length,
    firstNs: 6_000_001_000n,
    lastNs: 8_000_001_000n,
    interfaces: [],
    dropped: undefined,
  })
})
