import { expect, test } from 'vitest'
import { KcapError } from '../../../src/base/kcap-error.ts'
import { parseJumpHost } from '../../../src/ssh/config/resolve-ssh-chain.ts'

test.each([
  ['bastion', { host: 'bastion' }],
  ['root@bastion', { user: 'root', host: 'bastion' }],
  ['root@bastion:2222', { user: 'root', host: 'bastion', port: 2222 }],
  ['ann@corp@bastion', { user: 'ann@corp', host: 'bastion' }],
  ['[fd00::1]:2222', { host: 'fd00::1', port: 2222 }],
  ['root@[fd00::1]', { user: 'root', host: 'fd00::1' }],
  ['fd00::1', { host: 'fd00::1' }],
  ['ssh://root@bastion:2222', { user: 'root', host: 'bastion', port: 2222 }],
])('parseJumpHost(%j) returns its user, host and port', (text, expected) => {
  expect(parseJumpHost(text)).toEqual(expected)
})

test.each(['', '@', 'root@', 'bastion:0', 'bastion:99999', 'bastion:port'])('parseJumpHost(%j) is refused', (text) => {
  expect(() => parseJumpHost(text)).toThrow(KcapError)
  expect(() => parseJumpHost(text)).toThrow(`cannot read the jump host ${JSON.stringify(text)}: not [USER@]HOST[:PORT]`)
})
