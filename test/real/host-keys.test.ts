import { beforeAll, describe, expect } from 'vitest'
import { hostKeyRows } from './host-key-rows.ts'
import { type Outcome, runRow } from './host-key-run.ts'
import { type HostKeySetting, openHostKeySetting } from './host-key-setting.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'

let setting: HostKeySetting
beforeAll(async () => {
  if (hasOwnSshd) setting = await openHostKeySetting()
})

const outcomes: Outcome[] = []

describe('ssh and both clients agree:', () => {
  sshdTest.concurrent.each(Object.entries(hostKeyRows).map(([name, row], index) => [name, row, index] as const))(
    '%s',
    async (_name, row, index) => {
      const ports = setting.ports[row.server]
      const at = { setting, row, port: ports[index % ports.length] as number }
      const wanted = await runRow(at, 'ssh')
      outcomes.push(wanted)
      for (const client of row.clients ?? (['ssh2', 'openssh'] as const))
        expect(await runRow(at, client), client).toEqual(wanted)
    },
  )
})

sshdTest('the rows of host keys cover every outcome that ssh knows', () => {
  const seen = new Set(
    outcomes.map(({ isLoggedIn, says, hasOfferedPassword }) => `${isLoggedIn} ${says} ${hasOfferedPassword}`),
  )
  for (const said of ['unknown', 'changed', 'revoked', 'unchecked']) expect(seen).toContain(`false ${said} false`)
  for (const said of ['changed', 'revoked']) expect(seen).toContain(`true ${said} false`)
  expect(seen).toContain('true undefined true')
  expect(outcomes.some(({ wasAsked }) => wasAsked)).toBe(true)
})
