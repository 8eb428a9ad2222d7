import { ed, otherType, type Rows } from './host-key-row.ts'

/** Order of the key types that a host is asked for. */
export const orderRows: Rows = {
  ...ordered('written out, the other type first', 'ssh-ed25519,rsa-sha2-512'),
  ...ordered('written out, the known type first', 'rsa-sha2-512,ssh-ed25519'),
  ...ordered('written out, the known type only', 'rsa-sha2-512'),
  ...ordered('written out, the other type only', 'ssh-ed25519'),
  ...ordered('without the other type', '-ssh-ed25519*'),
  ...ordered('without certificates', '-*cert*'),
  ...ordered('with one more', '+ssh-rsa'),
  ...ordered('with the other type first', '^ssh-ed25519'),
  ...ordered('with the known type first', '^rsa-sha2-512'),
  'the best type is known, and the host has it not': {
    ...ed,
    server: 'rsaEcdsa',
    known: ({ name, otherEd, rsa }) => [`${name} ${otherEd}`, `${name} ${rsa}`],
  },
  'the second best type is known': { ...ed, server: 'rsaEcdsa', known: otherType },
  'two types are known': {
    ...ed,
    server: 'rsaEcdsa',
    known: ({ name, rsa, ecdsa }) => [`${name} ${rsa}`, `${name} ${ecdsa}`],
  },
  'an ECDSA key of the host': { ...ed, server: 'ecdsa', known: ({ name, ecdsa }) => [`${name} ${ecdsa}`] },
  'another ECDSA key': { ...ed, server: 'ecdsa', known: ({ name, otherEcdsa }) => [`${name} ${otherEcdsa}`] },
  'an ECDSA key of a new host': { ...ed, server: 'ecdsa' },
}

function ordered(what: string, list: string): Rows {
  return {
    [`HostKeyAlgorithms ${what}`]: { ...ed, server: 'edRsa', known: otherType, config: [`HostKeyAlgorithms ${list}`] },
  }
}

/** Through a jump host that shows an ECDSA key, where root logs in by a key. Both have the same strictness. */
const jump = { ...ed, config: ['ProxyJump hop', 'Host hop', 'HostName 127.0.0.1', 'Port PORT_ecdsa', 'User root'] }

export const jumpRows: Rows = {
  'a jump host that is known': { ...jump, known: ({ hop, ecdsa, name, ed }) => [`${hop} ${ecdsa}`, `${name} ${ed}`] },
  'a jump host that is unknown': { ...jump, known: ({ name, ed }) => [`${name} ${ed}`] },
  'a jump host that is unknown, yes': { ...jump, strict: 'yes', known: ({ name, ed }) => [`${name} ${ed}`] },
  'a jump host that has changed': { ...jump, known: ({ hop, ed }) => [`${hop} ${ed}`] },
  'a jump host that has changed, no': { ...jump, strict: 'no', login: 'key', known: ({ hop, ed }) => [`${hop} ${ed}`] },
  'a jump host that has changed, no, and no passwords': {
    ...jump,
    strict: 'no',
    login: 'key',
    config: [...jump.config, 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
    known: ({ hop, ed }) => [`${hop} ${ed}`],
  },
  'a jump host that is revoked': { ...jump, known: ({ ecdsa }) => [`@revoked * ${ecdsa}`] },
  'a jump host in RevokedHostKeys': { ...jump, config: ['RevokedHostKeys KEYS/ecdsa.pub', ...jump.config] },
  'a jump host that is unknown, --accept-new-host-key': { ...jump, strict: 'yes', accepts: true },
  'a jump host that is unknown, --accept-new-host-key, BatchMode': {
    ...jump,
    strict: 'ask',
    accepts: true,
    login: 'key',
    config: ['BatchMode yes', ...jump.config, 'BatchMode yes'],
  },
  'a jump host that has changed, --accept-new-host-key': {
    ...jump,
    strict: 'no',
    accepts: true,
    login: 'key',
    known: ({ hop, ed }) => [`${hop} ${ed}`],
  },
  'two jump hosts that are unknown, --accept-new-host-key': {
    ...jump,
    strict: 'yes',
    accepts: true,
    config: [
      ...['ProxyJump first,hop', 'Host first', 'HostName 127.0.0.1', 'Port PORT_rsa', 'User root'],
      ...['Host hop', 'HostName 127.0.0.1', 'Port PORT_ecdsa', 'User root'],
    ],
  },
  'a host behind a jump host, unknown': { ...jump, known: ({ hop, ecdsa }) => [`${hop} ${ecdsa}`] },
  'a host behind a jump host, changed': {
    ...jump,
    known: ({ hop, ecdsa, name, rsa }) => [`${hop} ${ecdsa}`, `${name} ${rsa}`],
  },
  'a host behind a jump host, changed, no': {
    ...jump,
    strict: 'no',
    known: ({ hop, ecdsa, name, rsa }) => [`${hop} ${ecdsa}`, `${name} ${rsa}`],
  },
}
