import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainFailure } from '../../src/capture/capture-failure.ts'
import { environmentOf, judgeFilter } from '../../src/filter/judge.ts'
import { findRefusal } from '../../src/filter/refusals.ts'
import { checkFilter } from '../../src/session/check-filter.ts'
import { hasPrograms } from '../support/has-program.ts'
import { filterExpressions } from './filter-expressions.ts'

const run = promisify(execFile)
const tcpdumpTest = hasPrograms('tcpdump') || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip

const linkTypes = ['LINUX_SLL2', 'EN10MB']
/** Asks in one shell for many filters, because starting a shell takes most of the time. */
const compileAll = 'type=$1; shift; for filter; do tcpdump -d -y "$type" -- "$filter" >/dev/null 2>&1; echo $?; done'

/** Link types that tcpdump compiles each filter for. */
async function compile(filters: readonly string[]): Promise<boolean[][]> {
  const columns = await Promise.all(
    linkTypes.map(async (type) => {
      const { stdout } = await run('sh', ['-c', compileAll, 'sh', type, ...filters])
      return stdout.trim().split('\n')
    }),
  )
  return filters.map((_, index) => columns.map((column) => column[index] === '0'))
}

const oneOf = (...words: string[]) => fc.constantFrom(...words)
/** Now and then a wrong one. */
const mostly = (good: string, wrong: string) =>
  fc.oneof({ weight: 30, arbitrary: oneOf(...good.split(' ')) }, { weight: 1, arbitrary: oneOf(...wrong.split(' ')) })
const sequence = (...parts: fc.Arbitrary<string>[]) =>
  fc.tuple(...parts).map((words) => words.filter((word) => word !== '').join(' '))
const maybe = (part: fc.Arbitrary<string>) => fc.oneof({ weight: 2, arbitrary: fc.constant('') }, part)

const address = mostly('10.0.0.5 1.2.3.4 10.0 0.0.0.0 255.255.255.255 010.1 5', '1.2.3.999 10.0.0.0/8 0x10.1')
const network = mostly('10.0.0.0/8 10.0 192.168.0.0/16 0.0.0.0/0 10 1.2.3.4/32 300', '10.1.0.0/8 10/8 10.0.0.0/33')
const address6 = mostly('::1 fe80::1 :: ::ffff:1.2.3.4 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7::', '1::2::3 1:2:3 fe80::1/64')
const network6 = mostly('fe80::/64 ::/0 2001:db8::/32 ::1/128', 'fe80::1/64 ::/129')
const mac = oneOf('00:11:22:33:44:55', '0-1-2-3-4-5', '0011.2233.4455', 'aabbccddeeff', '00:11:22:33:44')
const port = mostly('80 443 53 0 65535 0x50 010 tcp-syn', '65536 08 99999999999 -1')
const range = mostly('80-90 8000-8010 90-80 80 0-65535', '1-65536 80- 80-90-100')
const direction = oneOf('src', 'dst', 'src or dst', 'src and dst', 'dst || src')
const joint = oneOf('and', 'or', '&&', '||')
const comparison = oneOf('=', '==', '!=', '<', '>', '<=', '>=')
const operation = mostly('& | + - * / << >>', '% ^')
const number = mostly('0 1 2 13 255 0xff 65535 4294967295 tcp-syn icmp-echo 31 32 8', '4294967296 09')
const alone = oneOf(...'ip ip6 tcp udp icmp icmp6 arp rarp sctp igmp pim ah esp vrrp igrp'.split(' '))
const field = oneOf('tcp[tcpflags]', 'tcp[13]', 'ip[6:2]', 'ip[9]', 'udp[4:2]', 'ip6[6]', 'arp[7]', 'icmp6[0]', 'len')
const protocol = oneOf(...'ip ip6 tcp udp icmp icmp6 arp ether stp decnet ah radio link iso'.split(' '))
const type = oneOf('host', 'net', 'port', 'portrange', 'proto', 'gateway')
const seldom = oneOf(
  ...['vlan', 'vlan 5', 'vlan (5)', 'mpls', 'inbound', 'broadcast', 'ip broadcast', 'ip multicast', 'less', 'stp'],
  ...['ether proto 1500', 'ip proto 300', 'ifindex 1', 'geneve', 'llc', 'lane', 'ip protochain 6', 'byte 0 = 1'],
)

const { expression } = fc.letrec<Record<'id' | 'value' | 'primitive' | 'term' | 'expression', string>>((tie) => ({
  id: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(port, address, network, address6, mac),
    sequence(fc.constant('('), tie('id'), joint, tie('id'), fc.constant(')')),
    tie('id').map((id) => `(${id})`),
    tie('id').map((id) => `not ${id}`),
  ),
  value: fc.oneof(
    { maxDepth: 3 },
    number,
    field,
    sequence(tie('value'), operation, tie('value')),
    tie('value').map((value) => `(${value})`),
    tie('value').map((value) => `-${value}`),
    fc.tuple(alone, tie('value'), oneOf('', ':2', ':4', ':3')).map(([name, at, size]) => `${name}[${at}${size}]`),
  ),
  primitive: fc.oneof(
    sequence(maybe(oneOf('tcp', 'udp', 'sctp')), maybe(direction), fc.constant('port'), port),
    sequence(maybe(oneOf('tcp', 'udp')), maybe(direction), fc.constant('portrange'), range),
    sequence(maybe(oneOf('ip', 'arp')), maybe(direction), fc.constant('host'), address),
    sequence(maybe(oneOf('ip', 'rarp')), maybe(direction), fc.constant('net'), network),
    sequence(maybe(oneOf('ip6')), maybe(direction), fc.constant('host'), address6),
    sequence(maybe(oneOf('ip6')), maybe(direction), fc.constant('net'), network6),
    sequence(maybe(oneOf('ip', 'ip6')), fc.constant('proto'), oneOf('6', '17', '58', '255')),
    sequence(fc.constant('ether proto'), oneOf('0x800', '0x86dd', '0x88cc', '\\arp', '\\ip')),
    sequence(maybe(protocol), maybe(direction), maybe(type), tie('id')),
    sequence(oneOf('less', 'greater'), number),
    sequence(field, maybe(sequence(operation, number)), comparison, number),
    sequence(tie('value'), comparison, tie('value')),
    alone,
    fc.oneof(seldom, protocol),
  ),
  term: fc.oneof(
    { maxDepth: 4 },
    { weight: 5, arbitrary: tie('primitive') },
    tie('expression').map((inner) => `(${inner})`),
    tie('term').map((term) => `not ${term}`),
  ),
  expression: fc
    .tuple(
      tie('term'),
      fc.array(sequence(joint, fc.oneof({ weight: 8, arbitrary: tie('term') }, tie('id'))), { maxLength: 3 }),
    )
    .map(([first, others]) => [first, ...others].join(' ')),
}))

const junk = oneOf(
  ...'( ) not ! and or [ ] : / , ; " = & - 80 tcp host src mask é 10.0.0.1 . _ @ vlan len \\'.split(' '),
)
/** A word or a character taken away, put in or replaced. */
const mutated = fc
  .tuple(
    expression,
    fc.constantFrom(' ', ''),
    fc.array(fc.tuple(fc.nat(), fc.nat(2), junk), { minLength: 1, maxLength: 2 }),
  )
  .map(([text, separator, edits]) => {
    const parts = text.split(separator)
    for (const [at, kept, part] of edits) parts.splice(at % parts.length, kept % 2, ...(kept === 2 ? [] : [part]))
    return parts.join(separator)
  })
const anyFilter = fc.oneof({ weight: 2, arbitrary: expression }, mutated)

tcpdumpTest("kcap's filter grammar never contradicts tcpdump", async () => {
  const seen = { valid: 0, invalid: 0, unable: 0 }
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyFilter, { minLength: 60, maxLength: 60 }), async (filters) => {
      const verdicts = filters.map((filter) => ({ filter, ...judgeFilter(filter, {}) }))
      for (const { kind } of verdicts) seen[kind]++
      const onAny = filters.map((filter) => ({ filter, ...judgeFilter(filter, environmentOf('any')) }))
      // Names would be looked up.
      const judged = verdicts.filter(({ kind, hasNames }) => kind !== 'unable' && !hasNames)
      const compiled = await compile(judged.map(({ filter }) => filter))
      const wrong = judged.filter(({ kind }, index) => !compiled[index]?.every((done) => done === (kind === 'valid')))
      expect(wrong).toEqual([])
      const judgedOnAny = onAny.filter(({ kind, hasNames }) => kind !== 'unable' && !hasNames)
      const compiledOnAny = await compile(judgedOnAny.map(({ filter }) => filter))
      expect(judgedOnAny.filter(({ kind }, index) => compiledOnAny[index]?.[0] !== (kind === 'valid'))).toEqual([])
    }),
    { seed: 20_240_501, numRuns: 60, interruptAfterTimeLimit: 25_000, endOnFailure: true },
  )
  console.log(`compared with tcpdump: ${JSON.stringify(seen)}`)
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(100)
})

tcpdumpTest("the verdict on a filter equals tcpdump's, in its words", async () => {
  const valid = { kind: 'valid' }
  const unable = { kind: 'unable' }
  const invalid = (message: string) => ({ kind: 'invalid', message })
  const verdicts: [string, unknown][] = [
    ['tcp port 443 and host 10.0.0.5', valid],
    ['inbound and stp', valid],
    ['tcp prot', invalid("can't parse filter expression: syntax error")],
    ['tcp and udp', invalid('expression rejects all packets')],
    ['-w /tmp/kcap-test-injected', invalid("can't parse filter expression: syntax error")],
    ['port 65536', invalid('illegal port number 65536 > 65535')],
    ['net 10.1.0.0/8', invalid('non-network bits set in "10.1.0.0/8"')],
    ['ether host 00:11:22:33:44:55', unable],
    ['vlan 5', unable],
    ['ip broadcast', unable],
    ['wlan type 2', unable],
    ['host db.example', unable],
    ['port http', unable],
  ]
  for (const [filter, verdict] of verdicts) expect([filter, await checkFilter(filter)]).toEqual([filter, verdict])
})

tcpdumpTest('a filter that tcpdump refuses for the interface any is invalid there, in its words', async () => {
  const needEthernet = [
    'vlan 5',
    'not port 22 and not vlan',
    'mpls',
    'mpls 1024 and tcp',
    'broadcast',
    'ether broadcast',
  ].concat([
    'multicast',
    'ether multicast',
    'ether host 00:11:22:33:44:55',
    'llc',
    'llc ui',
    'tcp or (ether src 0-1-2-3-4-5)',
  ])
  for (const filter of needEthernet) {
    const { stderr } = await run('tcpdump', ['-d', '-y', 'LINUX_SLL2', '--', filter]).catch((error) => error)
    const said: string[] = stderr.trim().split('\n')
    const message = said.at(-1)?.replace(/^tcpdump: /, '') ?? ''
    for (const programs of [undefined, []]) {
      const verdict = await checkFilter(filter, { interfaceName: 'any', ...(programs && { programs }) })
      expect([filter, verdict]).toEqual([filter, { kind: 'invalid', message }])
    }
    expect([filter, await checkFilter(filter, { interfaceName: 'eth0' })]).toEqual([filter, { kind: 'unable' }])
    const error = explainFailure({ ...failure, lines: said })
    expect([filter, error.code, error.message, error.hints.at(-1)]).toEqual([
      filter,
      'bad-filter',
      `cannot use the capture filter: ${message}`,
      '--iface eth0',
    ])
  }
  for (const filter of ['pppoes', 'geneve 5', 'ip multicast', 'ether proto 0x88cc', 'inbound', 'ifindex 2'])
    expect([filter, await checkFilter(filter, { interfaceName: 'any' })]).toEqual([filter, { kind: 'valid' }])
})

const failure = {
  name: 'ssh://root@node',
  interfaceName: 'any',
  hasFilter: true,
  entersPod: false,
  isLocal: false,
  hasSudoPassword: false,
  hasBegun: true,
  hasNoPod: false,
  hasOtherPod: false,
  receivedBytes: 0,
  missing: undefined,
  exitCode: 1,
}

tcpdumpTest('kcap recognises every message of tcpdump about a filter as such', async () => {
  const sayAll = 'type=$1; shift; for filter; do tcpdump -d -y "$type" -- "$filter" 2>&1 >/dev/null; echo ----; done'
  const askAll = async (type: string) => {
    const { stdout } = await run('sh', ['-c', sayAll, 'sh', type, ...filterExpressions], { maxBuffer: 1e7 })
    const last = stdout.split('----\n').map((text) => {
      const lines = text.trim().split('\n')
      return lines.filter((line) => !line.includes('data link type')).at(-1) ?? ''
    })
    return [...new Set(last)].filter((line) => line !== '')
  }
  const types = [...linkTypes, 'RAW', 'IEEE802_11_RADIO', 'SUNATM']
  for (const said of await Promise.all(types.map(askAll))) {
    expect(said.length).toBeGreaterThan(20)
    expect(said.filter((line) => findRefusal([line]) === undefined)).toEqual([])
  }
})
