import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { findPreferredTypes } from '../../../src/ssh/config/host-key-order.ts'
import { applySshSettings } from '../../../src/ssh/config/resolve-ssh-host.ts'
import { hasPrograms } from '../../support/has-program.ts'
import { noSignal } from '../../support/ssh-fixture.ts'

const context = { environment: { PATH: process.env.PATH }, signal: noSignal() }

/** Returns the preferred key types of a host that is known by an RSA key. */
async function prefer(
  list: string | undefined,
  known = ['ssh-rsa'],
  environment: NodeJS.ProcessEnv = context.environment,
) {
  const host = applySshSettings(
    { kind: 'ssh', host: 'h', sudo: 'none' },
    new Map(list === undefined ? [] : [['hostkeyalgorithms', [list]]]),
    { environment: {}, homeFolder: '/h' },
  )
  return await findPreferredTypes(host, known, { ...context, environment })
}

/** The whole list, as ssh prints it for a line of the config. */
function askSsh(list: string): string {
  const words = ['-G', '-F', 'none', ...(list === '' ? [] : ['-o', `HostKeyAlgorithms=${list}`]), 'h']
  return /^hostkeyalgorithms (.*)$/m.exec(execFileSync('ssh', words, { encoding: 'utf8' }))?.[1] ?? ''
}

test
  .runIf(hasPrograms('ssh'))
  .each(['', '-ssh-ed25519', '-*cert*', '+ssh-rsa', '+ssh-rsa,ssh-rsa-cert-v01@openssh.com'])(
  "known types come first in ssh's own list, also with %j",
  async (list) => {
    expect(await prefer(askSsh(list))).toEqual(['ssh-rsa'])
  },
)

test
  .runIf(hasPrograms('ssh'))
  .each([
    '^rsa-sha2-256',
    '^ecdsa-sha2-nistp256',
    'ssh-ed25519,rsa-sha2-512',
    'ecdsa-sha2-nistp256,ssh-ed25519-cert-v01@openssh.com',
  ])('a list that is written out keeps its order: %s', async (list) => {
  expect(await prefer(askSsh(list))).toEqual([])
})

test('without ssh kcap reads the line of the config itself', async () => {
  const withoutSsh = { PATH: '/nowhere' }
  for (const list of [undefined, '+ssh-rsa', '-ssh-ed25519'])
    expect(await prefer(list, ['ssh-rsa'], withoutSsh)).toEqual(['ssh-rsa'])
  expect(await prefer('ssh-ed25519,rsa-sha2-512', ['ssh-rsa'], withoutSsh)).toEqual([])
})

test.runIf(hasPrograms('ssh'))('kcap prefers no key type where the best of the list is known', async () => {
  expect(await prefer(askSsh(''), ['ssh-rsa', 'ssh-ed25519'])).toEqual([])
  expect(await prefer(undefined, ['ssh-ed25519', 'ssh-rsa'])).toEqual([])
})
