import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTempFolder } from '../support/temp-folder.ts'
import { packetMixes, writeCapture } from './make-captures.ts'
import { compare, measure } from './measure.ts'
import { writeResults } from './write-results.ts'

/**
 * Compares reader, merger and writer, as programs, with editcap and mergecap on the same files, alternating in one run. kcap's side is
 * the code of the product from the bytes of a source to those of a file.
 */
const rounds = 7
let folder: string
let converter: string
const table: string[] = []

beforeAll(async () => {
  folder = await makeTempFolder()
  converter = path.join(folder, 'convert-captures.mjs')
  await build({
    entryPoints: ['test/bench/convert-captures.ts'],
    outfile: converter,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
  })
})
afterAll(() => {
  const figures = ['ours, ms', 'theirs, ms', 'ratio', 'least to greatest', 'packets/s', 'theirs']
  writeResults('Converting and merging', ['case', ...figures, 'CPU ratio', 'peak, MiB', 'theirs'], table)
})

/** Returns facts about the file in capinfos' words. */
function inspect(file: string, question: '-c' | '-o'): string {
  return (
    execFileSync('capinfos', ['-M', '-T', '-r', question, file], { encoding: 'utf8' }).trim().split('\t').at(-1) ?? ''
  )
}

/** The packets without what describes their sources. */
function isSamePackets(ours: string, theirs: string): boolean {
  const plain = [ours, theirs].map((file) => {
    execFileSync('editcap', ['-F', 'nsecpcap', file, `${file}.pcap`])
    return `${file}.pcap`
  })
  try {
    execFileSync('cmp', plain)
    return true
  } catch {
    return false
  } finally {
    for (const file of plain) rmSync(file)
  }
}

async function row(name: string, inputs: readonly string[], packets: number, theirs: (out: string) => string[]) {
  const [ourFile, theirFile] = [path.join(folder, 'ours.pcapng'), path.join(folder, 'theirs.pcapng')]
  const run = (file: string, argv: readonly string[]) => async () => {
    if (existsSync(file)) rmSync(file)
    return await measure(argv)
  }
  const result = await compare(
    rounds,
    run(ourFile, [process.execPath, converter, ourFile, ...inputs]),
    run(theirFile, theirs(theirFile)),
  )
  for (const file of [ourFile, theirFile]) expect(inspect(file, '-c')).toBe(String(packets))
  expect(inspect(ourFile, '-o')).toBe('True')
  expect(isSamePackets(ourFile, theirFile)).toBe(true)
  const perSecond = (side: 0 | 1) => ((packets / result.of(side, 'wallMs')) * 1000).toFixed(0)
  const both = (figure: 'wallMs' | 'peakMib') => [0, 1].map((side) => result.of(side as 0 | 1, figure).toFixed(0))
  const spread = result
    .spread('wallMs')
    .map((ratio) => ratio.toFixed(2))
    .join(' to ')
  const times = [...both('wallMs'), result.ratio('wallMs').toFixed(2), spread, perSecond(0), perSecond(1)]
  const line = `| ${[name, ...times, result.ratio('cpuMs').toFixed(2), ...both('peakMib')].join(' | ')} |`
  table.push(line)
  console.log(line)
  for (const file of [ourFile, theirFile, ...inputs]) rmSync(file)
}

for (const mix of ['realistic', 'small'] as const) {
  test(`pcap to pcapng, 1 GB, compared with editcap: ${mix} packets`, async () => {
    const input = path.join(folder, 'in.pcap')
    const packets = writeCapture(input, 1e9, packetMixes[mix], 1)
    await row(`convert 1 GB, ${mix}`, [input], packets, (out) => ['editcap', '-F', 'pcapng', input, out])
  })

  for (const [count, bytes] of [
    [20, 50e6],
    [60, 10e6],
  ] as const)
    test(`${count} files merged, compared with mergecap: ${mix} packets`, async () => {
      const inputs = Array.from({ length: count }, (_, i) => path.join(folder, `in-${i}.pcap`))
      const packets = inputs.reduce((sum, file, i) => sum + writeCapture(file, bytes, packetMixes[mix], i), 0)
      await row(`merge ${count} of ${bytes / 1e6} MB, ${mix}`, inputs, packets, (out) => [
        'mergecap',
        '-w',
        out,
        ...inputs,
      ])
    })
}
