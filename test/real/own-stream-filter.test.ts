import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { cleanExpressions, makeCaptureFilter, type Protocol } from '../../src/filter/capture-filter.ts'
import type { OwnStream } from '../../src/remote/supervised-argv.ts'
import { supervisorWords } from '../../src/remote/supervisor-script.ts'
import { hasPrograms } from '../support/has-program.ts'
import { startSupervisor } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { filterExpressions, unsettledExpressions } from './filter-expressions.ts'
import { apiAddresses, ownConnections, type Stream } from './inner-packets.ts'
import { type PreparedFile, prepareFiles } from './prepared-files.ts'
import { type Selection, selectPackets } from './select-packets.ts'

const tcpdumpTest = hasPrograms('tcpdump') || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip

const files = prepareFiles()
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Returns the supervisor's filter where its own stream passes. */
async function makeExclusion(ownStream: OwnStream, connection = ''): Promise<(filter: string) => string> {
  const tcpdump = path.join(folder, 'tcpdump')
  await writeFile(tcpdump, '#!/bin/sh\nfor last; do :; done; printf %s "$last"\n')
  await chmod(tcpdump, 0o755)
  const run = startSupervisor(
    ['sh'],
    { programs: [[tcpdump, '-w', '-']], ownStream, filter: '(FILTER)' },
    { SSH_CONNECTION: connection },
  )
  run.child.stdin.write(supervisorWords.release)
  await run.exited
  const made = run.stdout()
  expect(made.split('(FILTER)').length).toBe(2)
  return (filter) => made.replace('(FILTER)', () => filter)
}

const exclusions: readonly [string, Stream, OwnStream, string?][] = [
  ['an SSH connection', 'ipv4', { kind: 'ssh' }, ownConnections.ipv4],
  ['an SSH connection by IPv6', 'ipv6', { kind: 'ssh' }, ownConnections.ipv6],
  ["a node's stream to kcap", 'node', { kind: 'host', apiAddresses }],
]
const options: readonly [string, readonly string[], Protocol][] = [
  ['--port 22', ['22'], 'all'],
  ['--port 22,443 --port 50000-50100 --protocol tcp', ['22,443', '50000-50100'], 'tcp'],
  ['--protocol icmp', [], 'icmp'],
]

/** The filter as kcap makes it; undefined where kcap refuses the expression before it goes anywhere. */
function makeFilter(expression: string, ports: readonly string[] = [], protocol: Protocol = 'all'): string | undefined {
  try {
    return makeCaptureFilter({ expressions: cleanExpressions([expression]), ports, protocol })
  } catch (error) {
    if (error instanceof KcapError && error.code === 'bad-filter') return undefined
    throw error
  }
}

/** Packets that each expression selects on its own, computed once. */
const selectedAlone = new Map<PreparedFile, Promise<Map<string, Selection>>>()
async function selectAlone(file: PreparedFile): Promise<Map<string, Selection>> {
  const selecting = selectedAlone.get(file) ?? selectPackets(folder, file, filterExpressions)
  selectedAlone.set(file, selecting)
  return await selecting
}

/** Expressions for which tcpdump does otherwise than `expect` says of what they select alone. */
async function findDifferences(
  file: PreparedFile,
  makeWhole: (expression: string) => string | undefined,
  expectOf: (alone: ReadonlySet<number>) => ReadonlySet<number>,
) {
  const alone = await selectAlone(file)
  const wholes = filterExpressions.map((expression) => [expression, makeWhole(expression)] as const)
  const found = await selectPackets(
    folder,
    file,
    wholes.flatMap(([, whole]) => whole ?? []),
  )
  const name = (selection: Selection) =>
    selection && file.packets.filter((_, index) => selection.has(index + 1)).map(({ name }) => name)
  return wholes
    .map(([expression, whole]) => {
      const selection = alone.get(expression)
      const expected = name(selection && expectOf(selection))
      return { expression, expected, found: whole === undefined ? undefined : name(found.get(whole)) }
    })
    .filter(({ expected, found }) => JSON.stringify(expected) !== JSON.stringify(found))
}

test('the filter expressions are a few hundred, each once', () => {
  expect(filterExpressions.length).toBeGreaterThan(350)
  expect(new Set(filterExpressions).size).toBe(filterExpressions.length)
})

describe.each(files.map((file) => [file.linkType, file] as const))('on %s', (_linkType, file) => {
  const isOf = (stream: Stream) => (index: number) => file.packets[index - 1]?.stream === stream
  const without = (selection: ReadonlySet<number>, stream: Stream) =>
    new Set([...selection].filter((index) => !isOf(stream)(index)))

  tcpdumpTest('most expressions compile, many select some but not all packets, and some are no filters', async () => {
    const selections = [...(await selectAlone(file)).values()]
    expect(selections.filter((selection) => selection === undefined).length).toBeGreaterThan(60)
    const some = selections.filter(
      (selection) => selection && selection.size > 0 && selection.size < file.packets.length,
    )
    expect(some.length).toBeGreaterThan(120)
  })

  describe.each(exclusions)('%s', (_what, stream, ownStream, connection) => {
    tcpdumpTest('never passes, and all other packets pass as without the excluding terms', async () => {
      const exclude = await makeExclusion(ownStream, connection)
      const makeWhole = (expression: string) => {
        const filter = makeFilter(expression)
        return filter === undefined ? undefined : exclude(filter)
      }
      expect(file.packets.filter((packet) => packet.stream === stream).length).toBeGreaterThan(1)
      expect(await findDifferences(file, makeWhole, (alone) => without(alone, stream))).toEqual([])
    })

    tcpdumpTest('never passes where libpcap reads leftovers of the terms', async () => {
      const exclude = await makeExclusion(ownStream, connection)
      const selections = await selectPackets(
        folder,
        file,
        unsettledExpressions.map((expression) => exclude(`(${expression})`)),
      )
      for (const selection of selections.values()) expect([...(selection ?? [])].filter(isOf(stream))).toEqual([])
    })
  })

  tcpdumpTest.each(options)('%s and a filter select what both select', async (_words, ports, protocol) => {
    const filter = makeCaptureFilter({ expressions: [], ports, protocol })
    const byOptions = (await selectPackets(folder, file, [filter])).get(filter)
    expect(byOptions?.size).toBeGreaterThan(0)
    const makeWhole = (expression: string) => makeFilter(expression, ports, protocol)
    const both = (alone: ReadonlySet<number>) => new Set([...alone].filter((index) => byOptions?.has(index)))
    expect(await findDifferences(file, makeWhole, both)).toEqual([])
  })
})

tcpdumpTest.each(['not port 443 and not vlan', '(not pppoes)', 'not vlan 9 or tcp'])(
  'after "%s" the same terms would let the own connection through',
  async (expression) => {
    const file = files.find(({ linkType }) => linkType === 'EN10MB') as PreparedFile
    const exclude = await makeExclusion({ kind: 'ssh' }, ownConnections.ipv4)
    const [terms = ''] = exclude('FILTER').split(' and (FILTER')
    const behind = `(${expression}) and ${terms}`
    const selections = await selectPackets(folder, file, [behind, exclude(expression)])
    const ownIn = (filter: string) =>
      [...(selections.get(filter) ?? [])].filter((index) => file.packets[index - 1]?.stream === 'ipv4')
    expect(ownIn(behind)).not.toEqual([])
    expect(ownIn(exclude(expression))).toEqual([])
  },
)
