import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeDumpcapArgv, makeTcpdumpArgv } from '../../src/remote/capture-command.ts'
import type { OwnStream, SupervisedCapture } from '../../src/remote/supervised-argv.ts'
import { supervisorWords } from '../../src/remote/supervisor-script.ts'
import { distinctShells as shells } from '../support/shells.ts'
import { startSupervisor } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const options = {
  interfaceName: 'any',
  filter: 'port 80',
  filterExpressions: [],
  snapLength: 0,
  compression: 'auto' as const,
}
const programs = [
  makeTcpdumpArgv(options, { nanoseconds: true, immediate: false }),
  makeDumpcapArgv('dumpcap', options),
  makeDumpcapArgv('tshark', options),
]
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Adds a program that prints its name and words, and ends. */
async function addProgram(place: string, name: string): Promise<string> {
  await mkdir(place, { recursive: true })
  const file = path.join(place, name)
  await writeFile(file, '#!/bin/sh\nprintf "%s\\n" "$(basename "$0")" "$@"\n')
  await chmod(file, 0o755)
  return file
}

/** Runs until the program has ended; returns what it printed, line by line, and what the supervisor said. */
async function runToEnd(
  shell: readonly string[],
  capture: Pick<SupervisedCapture, 'programs'> & Partial<SupervisedCapture>,
  environment: Record<string, string> = {},
) {
  const run = startSupervisor(shell, capture, environment)
  run.child.stdin.write(supervisorWords.release)
  const code = await run.exited
  return { code, words: run.stdout().trimEnd().split('\n'), said: run.stderr() }
}

describe.each(shells)('the supervisor in %s', (...shell) => {
  test.each([
    ['tcpdump', ['tcpdump', 'dumpcap', 'tshark'], ['-w', '-', 'port 80']],
    ['dumpcap', ['dumpcap', 'tshark'], ['-w', '-', '-f', 'port 80']],
    ['tshark', ['tshark'], ['-w', '-', '-f', 'port 80']],
  ])('runs %s where %j are installed, and passes the filter in its form', async (program, there, lastWords) => {
    const place = path.join(folder, there.join('-'))
    for (const name of there) await addProgram(place, name)
    const absent = programs.map(([name = '', ...words]) => [path.join(place, name), ...words])
    const { code, words, said } = await runToEnd(shell, { programs: absent, filter: 'port 80' })
    expect([code, words[0], words.slice(-lastWords.length)]).toEqual([0, program, lastWords])
    expect(words).toContain('any')
    expect(said).toMatch(new RegExp(`^kcap-report: using \\S*/${program} `, 'm'))
  })

  test('passes dumpcap no filter argument without a filter', async () => {
    const dumpcap = await addProgram(path.join(folder, 'unfiltered'), 'dumpcap')
    const { words } = await runToEnd(shell, { programs: [[dumpcap, '-w', '-']] })
    expect(words).toEqual(['dumpcap', '-w', '-'])
  })

  test('treats an uploaded program as tcpdump, and leaves its removal to the upload', async () => {
    const uploaded = await addProgram(folder, 'kcap-tcpdump-0a1b2c3d')
    const { code, words } = await runToEnd(shell, { programs: [[uploaded, '-w', '-']], filter: 'port 80' })
    expect([code, words]).toEqual([0, ['kcap-tcpdump-0a1b2c3d', '-w', '-', 'port 80']])
    expect((await readFile(uploaded)).length).toBeGreaterThan(0)
  })

  test('keeps a program that was there before', async () => {
    const own = await addProgram(path.join(folder, 'own'), 'tcpdump')
    await runToEnd(shell, { programs: [[own, '-w', '-']] })
    expect((await readFile(own)).length).toBeGreaterThan(0)
  })

  const node = (...apiAddresses: { host?: string; port: number }[]): OwnStream => ({ kind: 'host', apiAddresses })
  const end = (host: string, port: number) =>
    `not (tcp and ((src host ${host} and src port ${port}) or (dst host ${host} and dst port ${port})))`
  test.each<[string, OwnStream, string]>([
    ['a port that any host has', node({ port: 6443 }), 'not (tcp port 6443)'],
    [
      'several addresses',
      node({ host: '10.0.0.1', port: 443 }, { host: '10.0.0.2', port: 6443 }),
      `${end('10.0.0.1', 443)} and ${end('10.0.0.2', 6443)}`,
    ],
    ['an IPv6 address', node({ host: 'fd00::1', port: 6443 }), end('fd00::1', 6443)],
    ['the loopback of IPv6', node({ host: '::1', port: 6443 }), end('::1', 6443)],
  ])('excludes the API server on a node before the filter: %s', async (_what, ownStream, terms) => {
    const tcpdump = await addProgram(path.join(folder, 'own'), 'tcpdump')
    const { words } = await runToEnd(shell, { programs: [[tcpdump]], ownStream, filter: '(port 80) and (vlan)' })
    const filter = words.at(-1) ?? ''
    expect(filter.startsWith(`not (tcp port 10250) and ${terms} and `)).toBe(true)
    expect(filter.endsWith(') and ((port 80) and (vlan))')).toBe(true)
    const unfiltered = await runToEnd(shell, { programs: [[tcpdump]], ownStream })
    expect(unfiltered.words.at(-1)?.startsWith(`not (tcp port 10250) and ${terms}`)).toBe(true)
  })

  test('excludes the ports of a shared capture before the filter', async () => {
    const tcpdump = await addProgram(path.join(folder, 'own'), 'tcpdump')
    const ownStream: OwnStream = { kind: 'local', ports: [7443] }
    const { words } = await runToEnd(shell, { programs: [[tcpdump]], ownStream, filter: 'vlan 5' })
    expect(words.at(-1)).toBe('not (tcp port 7443) and (vlan 5)')
  })
})
