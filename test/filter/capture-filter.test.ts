import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { cleanExpressions, type FilterOptions, makeCaptureFilter } from '../../src/filter/capture-filter.ts'

const none: FilterOptions = { ports: [], protocol: 'all', expressions: [] }

test.each<[Partial<FilterOptions>, string]>([
  [{}, ''],
  [{ ports: ['443'] }, '(port 443)'],
  [{ ports: ['80,443', '8000-8010'] }, '(port 80 or port 443 or portrange 8000-8010)'],
  [{ ports: ['53'], protocol: 'udp' }, '(udp) and (port 53)'],
  [{ ports: ['https, 8080', 'http-alt'] }, '(port \\https or port 8080 or port \\http-alt)'],
  [{ protocol: 'icmp' }, '(icmp or icmp6)'],
  [
    { ports: ['443'], expressions: ['host 10.0.0.5 or host 10.0.0.6'] },
    '(port 443) and (host 10.0.0.5 or host 10.0.0.6)',
  ],
  [{ ports: ['443'], protocol: 'tcp', expressions: ['tcp', 'vlan 5'] }, '(tcp) and (port 443) and (tcp) and (vlan 5)'],
  [{ expressions: ['-w /etc/passwd'] }, '(-w /etc/passwd)'],
])('%o is the filter %s', (options, filter) => {
  expect(makeCaptureFilter({ ...none, ...options })).toBe(filter)
})

test.each(['99999', '80-', 'http/tcp', '-w', 'http-', '90-80', '80 or host x', ''])(
  'a port "%s" is refused with examples',
  (port) => {
    try {
      makeCaptureFilter({ ...none, ports: [port] })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(KcapError)
      expect((error as KcapError).message).toBe(
        `cannot filter by port "${port}": a port is a number from 0 to 65535, a range such as 8000-8010, or the name of a service`,
      )
      expect((error as KcapError).hints).toContain('--port 8000-8010')
      expect((error as KcapError).exitCode).toBe(2)
    }
  },
)

function failureOf(run: () => unknown): KcapError {
  try {
    run()
  } catch (error) {
    if (error instanceof KcapError) return error
    throw error
  }
  throw new Error('nothing is refused')
}

const refusalOf = (...texts: string[]) => failureOf(() => cleanExpressions(texts))

describe('an expression that would not stay between its parentheses is a bad filter', () => {
  test.each([
    'tcp) or (udp',
    ')(',
    'tcp)',
    '(tcp',
    '()) or (()',
    'llc) or (tcp',
    'host db.example) or (tcp',
    'host \\x) or (tcp',
    'vxlan) or (tcp',
    'port $) or (tcp',
    'tcp\n) or (\nudp',
    '('.repeat(40_000),
  ])('%s', (expression) => {
    const error = refusalOf(expression)
    expect([error.code, error.exitCode]).toEqual(['bad-filter', 2])
    expect(error.message).toMatch(/^cannot use the capture filter ".*": can't parse filter expression: syntax error$/)
    expect(error.message.length).toBeLessThan(400)
    expect(error.hints[0]).toBe('the grammar: man 7 pcap-filter')
  })

  test('also when it is one of two that would match each other', () => {
    expect(refusalOf('tcp) or (udp', 'port 80').message).toContain('"tcp) or (udp"')
    expect(refusalOf('(tcp', 'udp)').message).toContain('"(tcp"')
  })
})

test('an expression that no program can be started with is a bad filter', () => {
  expect(refusalOf('tcp\0 or udp').message).toBe(
    'cannot use the capture filter "tcp\\x00 or udp": it contains a NUL character',
  )
  const long = refusalOf(`tcp${' or tcp'.repeat(20_000)}`)
  expect([long.code, long.exitCode]).toEqual(['bad-filter', 2])
  expect(long.message).toMatch(/…": it is longer than 65536 bytes$/)
})

test('options and filters that are too long together are a bad filter', () => {
  const ports = Array.from({ length: 65_536 }, (_, port) => String(port)).join(',')
  const half = `tcp${' or tcp'.repeat(6_000)}`
  for (const options of [{ ports: [ports] }, { expressions: [half, `${half} or udp`] }]) {
    const error = failureOf(() => makeCaptureFilter({ ...none, ...options }))
    expect([error.code, error.exitCode]).toEqual(['bad-filter', 2])
    expect(error.message).toMatch(/…": it is longer than 65536 bytes$/)
  }
})

test('whatever expression is taken, only the last of its parentheses closes the first', () => {
  const word = fc.constantFrom('(', ')', '(', ')', ' ', 'tcp', ' or ', '\\', '\\x', '$', '#', '"', "'", ':', '\0', '\n')
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      let taken: string[] = []
      try {
        taken = cleanExpressions([words.join('')])
      } catch (error) {
        expect((error as KcapError).code).toBe('bad-filter')
      }
      for (const filter of taken.map((expression) => `(${expression})`)) {
        let depth = 0
        const closings = [...filter].map((character) => {
          depth += character === '(' ? 1 : character === ')' ? -1 : 0
          return depth === 0
        })
        expect(closings.indexOf(true)).toBe(filter.length - 1)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('expressions are handed over on one line, each once, and empty ones not at all', () => {
  expect(cleanExpressions(['', ' \t\r\n '])).toEqual([])
  expect(cleanExpressions([' tcp\r\n\tor udp\n', 'tcp or udp', 'port 80'])).toEqual(['tcp or udp', 'port 80'])
  expect(cleanExpressions(['port (80 or 443)', '#'])).toEqual(['port (80 or 443)', '#'])
})

describe('of two expressions the one that moves where the rest looks comes last', () => {
  test.each(['vlan', 'vlan 5 and tcp', 'not mpls', '(pppoes) or (udp)', 'geneve 1', 'tcp or vxlan'])(
    '%s',
    (expression) => {
      expect(cleanExpressions([expression, 'port 80'])).toEqual(['port 80', expression])
      expect(cleanExpressions(['port 80', expression])).toEqual(['port 80', expression])
    },
  )

  test('a name is no such expression', () => {
    const named = ['host my-vlan', 'host vlan.example', 'host \\\\vlan', 'host vlan_5x']
    expect(cleanExpressions(named)).toEqual(named)
  })

  test('two of them are refused, with both as one filter', () => {
    const error = refusalOf('vlan 5 or tcp', "vlan 6 and host o'neil")
    expect([error.code, error.exitCode, error.message]).toEqual([
      'bad-filter',
      2,
      `cannot combine the capture filters "vlan 5 or tcp" and "vlan 6 and host o'neil": each moves where the other looks`,
    ])
    expect(error.hints).toEqual([
      'as one filter, where the second looks inside the first:',
      `--filter '(vlan 5 or tcp) and (vlan 6 and host o'\\''neil)'`,
    ])
  })
})
