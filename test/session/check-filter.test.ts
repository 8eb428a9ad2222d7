import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkFilter, refuseBadFilters } from '../../src/session/check-filter.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let count = 0
const folder = await makeTempFolder()

/** A tcpdump of our own: a shell script that finds the filter in `$5`, its link type in `$3`. */
async function makeTcpdump(script: string): Promise<string> {
  const file = path.join(folder, `tcpdump-${count++}`)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

const compiles = 'echo "(000) ret      #262144"'
const fails = (message: string) => `printf 'tcpdump: %b\\n' "${message}" >&2; exit 1`
const check = async (filter: string, ...programs: string[]) => await checkFilter(filter, { programs })

const valid = { kind: 'valid' }
const unable = { kind: 'unable' }
const syntaxError = { kind: 'invalid', message: "can't parse filter expression: syntax error" }

describe('where this machine has a tcpdump', () => {
  test('a filter is valid that compiles for any and for Ethernet', async () => {
    const log = path.join(folder, 'calls')
    const program = await makeTcpdump(`echo "$*" >>${log}; ${compiles}`)
    expect(await check('  inbound\u00a0', program)).toEqual(valid)
    const calls = (await readFile(log, 'utf8')).trim().split('\n').toSorted()
    expect(calls).toEqual(['-d -y EN10MB -- inbound', '-d -y LINUX_SLL2 -- inbound'])
  })

  test('a filter is invalid that compiles for neither, in the words of tcpdump, on one line', async () => {
    const program = await makeTcpdump(
      `[ "$5" = tcp ] && { ${compiles}; exit; }
      echo 'tcpdump: WARNING: something' >&2
      ${fails("invalid IPv4 address '1.2.3.4\\033[31m'")}`,
    )
    expect(await check('decnet host 1.2.3.4', program)).toEqual({
      kind: 'invalid',
      message: "invalid IPv4 address '1.2.3.4\\x1b[31m'",
    })
  })

  test('a filter that compiles for one link type of two stays unjudged', async () => {
    const program = await makeTcpdump(
      `[ "$5" = tcp ] || [ "$3" = EN10MB ] && { ${compiles}; exit; }
      ${fails('no VLAN support for Linux cooked v2')}`,
    )
    expect(await check('vlan 5', program)).toEqual(unable)
  })

  test.each([
    "netmask not known, so 'ip broadcast' not supported",
    '802.11 link-layer types supported only on 802.11',
    'libpcap was compiled on a machine without pf support',
    'too many registers needed to evaluate expression',
  ])('a filter that fails for a reason of this machine stays unjudged: %s', async (message) => {
    const program = await makeTcpdump(`[ "$5" = tcp ] && { ${compiles}; exit; }\n${fails(message)}`)
    expect(await check('ip broadcast', program)).toEqual(unable)
  })

  test("a filter that kcap's grammar accepts and tcpdump refuses stays unjudged", async () => {
    const program = await makeTcpdump(`[ "$5" = tcp ] && { ${compiles}; exit; }\n${fails('syntax error')}`)
    expect(await check('udp', program)).toEqual(unable)
  })

  test('a filter with names never starts tcpdump: the remote host looks them up', async () => {
    const log = path.join(folder, 'never')
    const program = await makeTcpdump(`touch ${log}; ${compiles}`)
    for (const filter of ['host db.example', 'port http', 'ip proto \\tcp', 'net backbone'])
      expect(await check(filter, program)).toEqual(unable)
    expect(await check('host db.example prot 443', program)).toEqual(syntaxError)
    expect(await check('', program)).toEqual(valid)
    expect(await check(' \n\t', program)).toEqual(valid)
    expect(await check('tcp\0', program)).toEqual({ kind: 'invalid', message: 'it contains a NUL character' })
    expect(await check('tcp or '.repeat(20_000), program)).toEqual({
      kind: 'invalid',
      message: 'it is longer than 65536 bytes',
    })
    for (const filter of ['tcp) or (udp', 'llc) or (tcp', 'host db.example) or (tcp'])
      expect(await check(filter, program)).toEqual(syntaxError)
    expect(existsSync(log)).toBe(false)
  })
})

describe('where tcpdump is another program, or cannot work, the grammar judges', () => {
  const broken: [string, string][] = [
    ['has no permission', fails("eth0: You don't have permission to capture on that device")],
    ['takes everything and compiles nothing', 'exit 0'],
    ['takes nothing', fails("can't parse filter expression: syntax error")],
    ['does not know the link type', `[ "$3" = EN10MB ] && { ${compiles}; exit; }\n${fails('invalid data link type')}`],
    ['crashes', 'kill -SEGV $$'],
    ['prints without end', 'x=$(printf %04000d 0); while :; do echo "(000) ret $x"; echo "tcpdump: $x" >&2; done'],
  ]
  test.each(broken)('one that %s', { timeout: 20_000 }, async (_, script) => {
    const program = await makeTcpdump(script)
    expect(await check('tcp port 443', program)).toEqual(valid)
    expect(await check('tcp port', program)).toEqual(syntaxError)
  })

  test('one that hangs, and does not let itself be ended, costs less than three seconds', async () => {
    const program = await makeTcpdump(`trap '' TERM\nwhile :; do sleep 0.1; done`)
    const startedMs = Date.now()
    expect(await check('tcp port 443', program, program)).toEqual(valid)
    expect(Date.now() - startedMs).toBeLessThan(3_000)
  })

  test('one that is not there, or is no program', async () => {
    const file = path.join(folder, 'no-program')
    await writeFile(file, '')
    const missing = path.join(folder, 'missing')
    expect(await check('tcp port 443', missing, file, folder)).toEqual(valid)
    expect(await check('tcp port', missing, file, folder)).toEqual(syntaxError)
    expect(await check('tcp and udp', missing, file, folder)).toEqual(unable)
    const works = await makeTcpdump(
      `[ "$5" = tcp ] && { ${compiles}; exit; }\n${fails('expression rejects all packets')}`,
    )
    expect(await check('tcp and udp', missing, file, works)).toEqual({
      kind: 'invalid',
      message: 'expression rejects all packets',
    })
  })
})

describe('for the interface any', () => {
  const cooked = 'no VLAN support for Linux cooked v2'
  const onAny = async (filter: string, ...programs: string[]) =>
    await checkFilter(filter, { interfaceName: 'any', programs })

  test('only its link type is asked about', async () => {
    const log = path.join(folder, 'any-calls')
    const program = await makeTcpdump(`echo "$*" >>${log}; ${compiles}`)
    expect(await onAny('inbound', program)).toEqual(valid)
    expect(await readFile(log, 'utf8')).toBe('-d -y LINUX_SLL2 -- inbound\n')
  })

  test.each([
    cooked,
    "'vlan' not supported on DLT_LINUX_SLL2 (Linux cooked v2)",
    'not a broadcast link',
    'ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel',
    "can't parse filter expression: syntax error",
  ])('a filter is invalid that tcpdump refuses for it: %s', async (message) => {
    const program = await makeTcpdump(`[ "$5" = tcp ] && { ${compiles}; exit; }\n${fails(message)}`)
    expect(await onAny('ip[0] & 0xf != 5 and ether[0] = 1', program)).toEqual({ kind: 'invalid', message })
  })

  test('without a tcpdump the grammar knows what the interface does not take', async () => {
    const missing = path.join(folder, 'missing')
    expect(await onAny('not port 22 and not vlan', missing)).toEqual({ kind: 'invalid', message: cooked })
    expect(await checkFilter('not port 22 and not vlan', { interfaceName: 'eth0', programs: [missing] })).toEqual(
      unable,
    )
    expect(await check('not port 22 and not vlan', missing)).toEqual(unable)
  })
})

describe('before a capture', () => {
  const { signal } = new AbortController()
  const refuse = async (interfaceName: string, ...filterExpressions: string[]) =>
    await refuseBadFilters({ interfaceName, filterExpressions }, signal)

  test('a filter that is certainly wrong is refused with the place of the grammar', async () => {
    const error = await failureOf(refuse('any', 'tcp', 'host db.example prot 443'))
    expect([error.code, error.exitCode, error.message]).toEqual([
      'bad-filter',
      2,
      `cannot use the capture filter "host db.example prot 443": ${syntaxError.message}`,
    ])
    expect(error.hints.join(' ')).toContain('man 7 pcap-filter')
    await refuse('any', 'host db.example')
  })

  test('a filter that the interface any does not take is refused with an interface that may', async () => {
    const error = await failureOf(refuse('any', 'host db.example and vlan 5'))
    expect([error.code, error.exitCode, error.message]).toEqual([
      'bad-filter',
      2,
      'cannot use the capture filter "host db.example and vlan 5": no VLAN support for Linux cooked v2',
    ])
    expect(error.hints).toEqual(['name an interface that has Ethernet headers:', '--iface eth0'])
    await refuse('eth0', 'host db.example and vlan 5')
  })
})
