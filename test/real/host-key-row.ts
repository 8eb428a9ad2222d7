import type { SshClientName } from '../../src/base/target.ts'
import type { KeyName, ServerName } from './host-key-setting.ts'

/** Words of a row's lines: the host's name in known_hosts with its port and without, that of the jump host, and the keys. */
export type Words = Readonly<Record<KeyName | 'name' | 'plain' | 'hop', string>>

export interface HostKeyRow {
  readonly server: ServerName
  readonly strict: 'yes' | 'ask' | 'accept-new' | 'no'
  /** Whether kcap gets --accept-new-host-key; ssh gets `StrictHostKeyChecking accept-new`, for jump hosts too. */
  readonly accepts?: boolean
  /** Answer of the user to a question about the key; undefined: nobody is there to answer. */
  readonly answer?: 'yes' | 'no'
  readonly login?: 'password' | 'key'
  /** The user's known_hosts, and the global one; undefined: there is none. */
  known?(words: Words): readonly string[] | string
  global?(words: Words): readonly string[]
  readonly isHashed?: boolean
  /** More of the config, before what all rows have; FOLDER is that of the row and KEYS that of the keys. */
  readonly config?: readonly string[]
  /** More files of the row's folder. */
  files?(words: Words): Readonly<Record<string, string>>
  /** More options of ssh alone. */
  readonly sshOptions?: readonly string[]
  /** Instead of both clients. */
  readonly clients?: readonly SshClientName[]
}

export type Rows = Record<string, HostKeyRow>
export type Known = (words: Words) => string[]

export const known: Known = ({ name, ed }) => [`${name} ${ed}`]
export const changed: Known = ({ name, otherEd }) => [`${name} ${otherEd}`]
export const otherType: Known = ({ name, rsa }) => [`${name} ${rsa}`]

/** Defaults of a row. */
export const ed = { server: 'ed', strict: 'accept-new' } as const
/** Settings that kcap's own client leaves to `ssh`. */
export const handedOver = { clients: ['auto', 'openssh'] } as const

/** Returns the row at each strictness. */
export function atEach(what: string, row: Partial<HostKeyRow>): Rows {
  return {
    [`${what}, yes`]: { ...ed, ...row, strict: 'yes' },
    [`${what}, ask and nobody`]: { ...ed, ...row, strict: 'ask' },
    [`${what}, accept-new`]: { ...ed, ...row },
    [`${what}, no`]: { ...ed, ...row, strict: 'no' },
    [`${what}, no, by key`]: { ...ed, ...row, strict: 'no', login: 'key' },
  }
}
