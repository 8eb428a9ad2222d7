import { expect, test } from 'vitest'
import { applySshSettings } from '../../src/ssh/config/resolve-ssh-host.ts'
import { makeSudoPasswords } from '../../src/ssh/sudo-passwords.ts'
import { noSignal } from '../support/ssh-fixture.ts'

const environment = { KCAP_SUDO_PASSWORD: 'given' }
const host = applySshSettings({ kind: 'ssh', host: 'h', user: 'ann', sudo: 'sudo' }, new Map(), {
  environment,
  homeFolder: '/h',
})

function passwordsFor(isUnproven: () => boolean) {
  const asked: string[] = []
  const askSecret = async (question: string) => `typed ${asked.push(question)}`
  return { asked, next: makeSudoPasswords({ host, isUnproven }, { signal: noSignal(), environment, askSecret }) }
}

test('KCAP_SUDO_PASSWORD comes first, then what the person types three times', async () => {
  const { asked, next } = passwordsFor(() => false)
  expect([await next(), await next(), await next(), await next(), await next()]).toEqual([
    'given',
    'typed 1',
    'typed 2',
    'typed 3',
    undefined,
  ])
  expect(new Set(asked)).toEqual(new Set(['[sudo] password for ann on h: ']))
})

test('a host that has shown a wrong key gets no sudo password, and kcap asks nobody for one', async () => {
  const { asked, next } = passwordsFor(() => true)
  expect([await next(), await next()]).toEqual([undefined, undefined])
  expect(asked).toEqual([])
})
