import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { SshClientName } from '../../src/base/target.ts'
import { parseBlocks } from '../support/packets.ts'
import { startKcap } from '../support/run-kcap.ts'
import { expectRefusal, makeArgv, type Outcome, type TableRow } from './ssh-table-row.ts'
import type { PortName, TableSetting } from './ssh-table-setting.ts'

/** Hops that die, and streams that pass where the capture listens. */
export const cutRows: Readonly<Record<string, TableRow>> = {
  'a jump host that dies, and is back': {
    port: 'plain',
    async run(setting, client) {
      const { code, stderr, packets } = await captureThroughDyingHop(setting, client, 'hop', '30s')
      expect(code, stderr).toBe(0)
      expect(stderr).toMatch(/cannot continue .*; trying again/)
      expect(packets).toBe(150)
      return 'captured'
    },
  },
  'a jump host that dies, --reconnect 0': {
    port: 'plain',
    async run(setting, client) {
      const { code, stderr } = await captureThroughDyingHop(setting, client, 'lastHop', '0')
      const target = `ssh://root@127.0.0.1:${setting.ports.plain}`
      return expectRefusal(
        { code, said: stderr },
        {
          code: 'connection-lost',
          message: new RegExp(`^cannot continue with "${target}": the host closed`),
          hints: [],
        },
      )
    },
  },
  'its own stream, on lo': ownStream('alone'),
  'its own stream, behind a NAT': ownStream('nat', 'natted'),
  'its own stream, through a jump host': ownStream('behindJump'),
}

async function captureThroughDyingHop(
  setting: TableSetting,
  client: SshClientName,
  hop: 'hop' | 'lastHop',
  reconnect: string,
) {
  const jump = ['--jump-host', `root@127.0.0.1:${setting.ports[hop]}`, '--reconnect', reconnect]
  const row: TableRow = { port: 'plain', argv: () => [...jump, '--json'] }
  const argv = await makeArgv(setting, row, client, ['--count', '150', '--duration', '40'])
  const { child, ended } = startKcap(argv)
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.stderr?.on('data', (chunk: Buffer) => {
      if (/"state":"capturing","packets":[1-9]/.test(chunk.toString())) resolve()
    })
  })
  setting.sshds[hop].dropSessions()
  const { code, stderr } = await ended
  return { code, stderr, packets: readProtocols(argv).length }
}

/** Captures the TCP of the sshd it is logged in to as well: there is none but kcap's own, and that is left out. */
function ownStream(port: PortName, sshdPort = port): TableRow {
  return {
    port,
    async run(setting, client): Promise<Outcome> {
      const { traffic, banner } = setting.ports
      const filter = `udp port ${traffic} or tcp port ${setting.ports[sshdPort]}`
      const jump = port === 'behindJump' ? ['--jump-host', `root@127.0.0.1:${banner}`] : []
      const row: TableRow = { port, argv: () => [...jump, '--filter', filter] }
      const argv = await makeArgv(setting, row, client, ['--duration', '2'])
      const { code, stderr } = await startKcap(argv).ended
      expect(code, stderr).toBe(0)
      const protocols = readProtocols(argv)
      expect(protocols.filter((protocol) => protocol === udp).length).toBeGreaterThan(20)
      expect(protocols.filter((protocol) => protocol !== udp)).toEqual([])
      return 'captured'
    },
  }
}

const udp = 17

/** The IPv4 protocol of each packet in the file that an argv names. */
function readProtocols(argv: readonly string[]): (number | undefined)[] {
  const file = argv[argv.indexOf('-o') + 1] ?? ''
  const packets = parseBlocks(readFileSync(file)).filter(({ type }) => type === 6)
  return packets.map(({ body }) => body[20 + 14 + 9])
}
