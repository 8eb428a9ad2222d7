import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { type ErrorCode, exitCodeOf } from '../../src/base/error-codes.ts'
import type { SshClientName } from '../../src/base/target.ts'
import { parseBlocks } from '../support/packets.ts'
import { runKcap } from '../support/run-kcap.ts'
import { typeOnTerminal } from '../support/type-on-terminal.ts'
import type { PortName, TableSetting } from './ssh-table-setting.ts'

/** Result of kcap; 'captured' is three packets of the table's own traffic in the file. */
export type Outcome = 'captured' | ErrorCode

export interface Refusal {
  readonly code: ErrorCode
  readonly message: string | RegExp
  readonly hints: readonly (string | RegExp)[]
}

/** A row: how to set up a host or the route to it, and the result of a capture there with each client. */
export interface TableRow {
  readonly port: PortName
  readonly user?: 'root' | 'ordinary' | 'terminal'
  /** Lines of the user's ssh config, before those that all rows have. */
  config?(setting: TableSetting): Promise<readonly string[]> | readonly string[]
  argv?(setting: TableSetting): readonly string[]
  environment?(setting: TableSetting): Readonly<Record<string, string>>
  /** Keys typed on a terminal at each matching question, in this order. */
  typed?(setting: TableSetting): readonly (readonly [RegExp, string])[]
  /** Refusals by client; where there is none, it captures. */
  refused?(setting: TableSetting): Partial<Record<SshClientName, Refusal>>
  readonly clients?: readonly SshClientName[]
  /** Instead of all this. */
  run?(setting: TableSetting, client: SshClientName): Promise<Outcome>
  /** Text that kcap prints during the capture. */
  readonly says?: Partial<Record<SshClientName, RegExp>>
  /** After each capture, with all that kcap has said. */
  after?(setting: TableSetting, told: Told, client: SshClientName): Promise<void> | void
}

export interface Told {
  readonly code: number | null
  readonly said: string
  readonly file: string
}

export const defaultClients: readonly SshClientName[] = ['auto', 'openssh']

let captureCount = 0

/** Returns the arguments of every capture of the table: the host, whose name is in its config, and the table's traffic. */
export async function makeArgv(
  setting: TableSetting,
  row: TableRow,
  client: SshClientName,
  limit = ['--count', '3', '--duration', '15'],
): Promise<string[]> {
  const { file, ports, user, terminalUser } = setting
  const count = ++captureCount
  const config = file(`config-${count}`)
  const own = (await row.config?.(setting)) ?? []
  writeFileSync(config, `${[...own, ...baseConfig(setting, own)].join('\n')}\n`)
  const argv = row.argv?.(setting) ?? []
  const names = { root: 'root', ordinary: user.name, terminal: terminalUser.name }
  const name = names[row.user ?? 'root']
  return [
    ...['--ssh-config', config, '--ssh-host', 'target', '--ssh-port', String(ports[row.port]), '--ssh-user', name],
    ...['--ssh-client', client, '-i', 'lo', '--no-names'],
    ...(argv.includes('--filter') ? [] : ['--filter', `udp port ${ports.traffic}`]),
    ...limit,
    ...['-o', file(`out-${count}.pcapng`)],
    ...argv,
  ]
}

/** ssh adds up all IdentityFile lines: a row that has some has no other. */
function baseConfig({ file }: TableSetting, own: readonly string[]): string[] {
  return [
    'Host *',
    'HostName 127.0.0.1',
    'User root',
    ...(own.some((line) => line.startsWith('IdentityFile')) ? [] : [`IdentityFile ${file('id')}`]),
    `UserKnownHostsFile ${file('known_hosts')}`,
    'GlobalKnownHostsFile none',
  ]
}

export async function runRow(setting: TableSetting, row: TableRow, client: SshClientName): Promise<Outcome> {
  if (row.run !== undefined) return await row.run(setting, client)
  const typed = row.typed?.(setting)
  const argv = await makeArgv(setting, row, client)
  const environment = row.environment?.(setting) ?? {}
  const told =
    typed === undefined
      ? await runKcap([...argv, '--json'], environment).then(({ code, stderr }) => ({
          code,
          said: withoutProgress(stderr),
        }))
      : await typeToKcap(argv, environment, typed)
  const file = argv[argv.indexOf('-o') + 1] ?? ''
  const refusal = row.refused?.(setting)[client]
  const outcome = refusal === undefined ? expectCapture(told, file) : expectRefusal(told, refusal)
  expect(told.said).toMatch(row.says?.[client] ?? /^/)
  await row.after?.(setting, { ...told, file }, client)
  return outcome
}

function withoutProgress(said: string): string {
  return said.replace(/^\{"event":"progress".*\n/gm, '')
}

function expectCapture({ code, said }: Pick<Told, 'code' | 'said'>, file: string): Outcome {
  expect(code, said).toBe(0)
  expect(countPackets(file), said).toBe(3)
  return 'captured'
}

export function countPackets(file: string): number {
  return parseBlocks(readFileSync(file)).filter(({ type }) => type === 6).length
}

export function expectRefusal({ code, said }: Pick<Told, 'code' | 'said'>, refusal: Refusal): Outcome {
  const lines = said.split('\n').filter((line) => line.startsWith('{"event":"error"'))
  const told = JSON.parse(lines[0] ?? 'null') as (Refusal & { exitCode: number }) | null
  const either = (expected: string | RegExp) =>
    typeof expected === 'string' ? expected : expect.stringMatching(expected)
  expect(told, said).toEqual({
    event: 'error',
    schema: 1,
    time: expect.any(String),
    code: refusal.code,
    message: either(refusal.message),
    hints: refusal.hints.map(either),
    exitCode: exitCodeOf[refusal.code],
  })
  expect(code).toBe(exitCodeOf[refusal.code])
  return refusal.code
}

/** Runs kcap on a terminal of its own and answers its questions. */
export async function typeToKcap(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  answers: readonly (readonly [RegExp, string])[],
): Promise<{ code: number | null; said: string }> {
  const steps = answers.map(([asked, answer]) => [asked, `${answer}\r`] as const)
  const { code, shown: said, missed } = await typeOnTerminal(argv, { PATH: process.env.PATH, ...environment }, steps)
  expect(missed, said).toBe(0)
  return { code, said }
}
