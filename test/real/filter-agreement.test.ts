import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { filterRows } from '../filter/filter-table.ts'
import { hasPrograms } from '../support/has-program.ts'

const run = promisify(execFile)

/** libpcap's message against a filter; undefined for a filter that compiles. */
type Answer = string | undefined

/** Asks in one shell for many filters, because starting a shell takes most of the time. */
const end = '=== end of an answer'
const askAll = `program=$1 words=$2; shift 2; for filter; do eval "$program $words" 2>&1; echo '${end}'; done`

const judges = {
  tcpdump: {
    words: { EN10MB: '-d -y EN10MB -- "$filter"', LINUX_SLL2: '-d -y LINUX_SLL2 -- "$filter"' },
    message: /^tcpdump: (.*)$/m,
  },
  /** Compiles for an interface that it has opened, and ends with 0 whatever it finds. */
  dumpcap: {
    words: { EN10MB: '-d -i lo -f "$filter"', LINUX_SLL2: '-d -i any -y LINUX_SLL2 -f "$filter"' },
    message: /isn't a valid capture filter \((.*)\)\.$/m,
  },
} as const

async function ask(
  program: keyof typeof judges,
  linkType: 'EN10MB' | 'LINUX_SLL2',
  filters: readonly string[],
): Promise<[filter: string, answer: Answer][]> {
  const { words, message } = judges[program]
  const { stdout } = await run('sh', ['-c', askAll, 'sh', program, words[linkType], ...filters], {
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 1e8,
  })
  const answers = stdout.split(`${end}\n`)
  return filters.map((filter, index) => {
    const answer = answers[index] ?? ''
    const isCompiled = /^\(000\) /m.test(answer)
    return [filter, isCompiled ? undefined : (message.exec(withoutWarnings(answer))?.[1] ?? answer)]
  })
}

function withoutWarnings(answer: string): string {
  return answer.replace(/^tcpdump: (?:WARNING: |data link type ).*$/gm, '')
}

const hasTcpdump = hasPrograms('tcpdump')
/** dumpcap needs the right to capture. */
const hasDumpcap = hasPrograms('dumpcap') && (await ask('dumpcap', 'EN10MB', ['tcp']))[0]?.[1] === undefined
/** Versions differ in their words, and in a few verdicts. */
const isLibpcap110 =
  hasTcpdump && /libpcap version 1\.10\./.test((await run('sh', ['-c', 'tcpdump --version 2>&1'])).stdout)
const filters = filterRows.map(({ filter }) => filter)

describe.each([
  ['EN10MB', 'onEthernet'],
  ['LINUX_SLL2', 'onCooked'],
] as const)('on %s', (linkType, column) => {
  test.skipIf(!isLibpcap110 && process.env.KCAP_REQUIRE_REAL !== '1')(
    'tcpdump -d answers as the filter table says',
    async () => {
      const expected = filterRows.map(({ filter, [column]: message }) => [filter, message])
      expect(await ask('tcpdump', linkType, filters)).toEqual(expected)
    },
  )

  test.skipIf(!hasTcpdump || !hasDumpcap)('dumpcap -d answers what tcpdump -d answers', async () => {
    expect(await ask('dumpcap', linkType, filters)).toEqual(await ask('tcpdump', linkType, filters))
  })
})
