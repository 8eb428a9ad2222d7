import { execFileSync } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect } from 'vitest'
import { openFileOutput } from '../../src/output/file-output.ts'
import { makePcapngReader } from '../../src/packets/pcapng-reader.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'
import { makeBatch, type PlainPacket, toPackets } from '../support/packets.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { tshark } from './lab.ts'
import { wiresharkTest } from './wireshark-window.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** tshark separates fields by tabs and packets by line ends; names of interfaces and comments may hold all else that can be printed. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((value) => !/[\p{C}\\]/u.test(value) && value.trim() === value)
const source = fc.record({
  name: text,
  description: text,
  linkType: fc.constantFrom(1, 113, 276, 101),
  snapLength: fc.integer({ min: 96, max: 262_144 }),
})
const packet = fc
  .record({
    seconds: fc.integer({ min: 1, max: 2_000_000_000 }),
    nanoseconds: fc.nat(999_999_999),
    data: fc.uint8Array({ minLength: 1, maxLength: 90 }).map((bytes) => Buffer.from(bytes)),
    cutBytes: fc.nat(1_000),
    comment: fc.option(text, { nil: undefined }),
    of: fc.nat(),
  })
  .map(({ cutBytes, ...fields }) => ({ ...fields, originalLength: fields.data.length + cutBytes }))
const name = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}\.[a-z]{1,10}$/),
})
const capture = fc.record({
  sources: fc.array(source, { minLength: 1, maxLength: 4 }),
  packets: fc.array(packet, { minLength: 1, maxLength: 40 }),
  names: fc.array(name, { maxLength: 10 }),
  keys: fc.array(fc.stringMatching(/^[0-9a-f]{64}$/), { maxLength: 3 }),
})

async function write(
  file: string,
  { sources, packets, names, keys }: typeof capture extends fc.Arbitrary<infer Value> ? Value : never,
) {
  const output = await openFileOutput(file, { overwrite: true })
  const writer = makePcapngWriter(output, { application: 'kcap', os: 'test', comment: 'a test', filter: '' })
  await writer.addNames(names)
  for (const { name: sourceName, description, ...header } of sources)
    await writer.addInterface({ name: `${sourceName} any`, description, header })
  if (keys.length > 0) await writer.addTlsSecrets(keys.map((key) => `CLIENT_RANDOM ${key} ${key}\n`).join(''))
  for (const { of, comment, ...plain } of packets) {
    const run = { interfaceId: of % sources.length, batch: makeBatch([plain]), from: 0, to: 1 }
    await writer.writeRuns([comment === undefined ? run : { ...run, comment }])
  }
  const statistics = sources.map((_, interfaceId) => ({
    interfaceId,
    startNs: 1n,
    endNs: 2n,
    delivered: 1,
    received: 3,
    dropped: interfaceId,
  }))
  await writer.finish(statistics)
  await output.close()
}

wiresharkTest('tshark and the pcapng reader read any written blocks alike', { timeout: 180_000 }, async () => {
  const file = path.join(folder, 'written.pcapng')
  const fields = ['time_epoch', 'len', 'cap_len', 'interface_id', 'interface_name', 'interface_description', 'comment']
  await fc.assert(
    fc.asyncProperty(capture, async (wanted) => {
      await write(file, wanted)
      const expected = wanted.packets.map(({ of, ...plain }) => ({
        ...plain,
        interfaceId: of % wanted.sources.length,
      }))

      const reader = makePcapngReader('written')
      const read = reader
        .push(await readFile(file))
        .flatMap(({ interfaceId, batch }) => toPackets([batch]).map((plain) => ({ ...plain, interfaceId })))
      expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
      expect(read).toEqual(expected.map(({ comment: _comment, ...plain }) => plain))
      expect(
        reader.interfaces.map(({ linkType, snapLength, description }) => ({ linkType, snapLength, description })),
      ).toEqual(wanted.sources.map(({ linkType, snapLength, description }) => ({ linkType, snapLength, description })))
      expect(reader.statistics.map(({ received, dropped }) => [received, dropped])).toEqual(
        wanted.sources.map((_, i) => [3, i]),
      )

      const lines = await tshark(file, '-T', 'fields', ...fields.flatMap((field) => ['-e', `frame.${field}`]))
      const seen = lines
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\t'))
      expect(seen).toEqual(
        expected.map(
          ({
            seconds,
            nanoseconds,
            data,
            originalLength,
            interfaceId,
            comment,
          }: PlainPacket & { interfaceId: number; comment: string | undefined }) => [
            `${seconds}.${String(nanoseconds).padStart(9, '0')}`,
            String(originalLength),
            String(data.length),
            String(interfaceId),
            `${wanted.sources[interfaceId]?.name} any`,
            wanted.sources[interfaceId]?.description,
            comment ?? '',
          ],
        ),
      )
      const hosts = execFileSync('tshark', ['-r', file, '-q', '-z', 'hosts'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      for (const { name: hostName } of new Map(wanted.names.map((entry) => [entry.address, entry])).values())
        expect(hosts).toContain(`\t${hostName}\n`)
    }),
    { numRuns: 10 },
  )
  await rm(file)
})
