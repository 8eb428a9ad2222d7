import type { HostKeyRow, Words } from './host-key-row.ts'
import { fileRows, lineRows } from './host-key-rows-files.ts'
import { markerRows, nameRows } from './host-key-rows-names.ts'
import { jumpRows, orderRows } from './host-key-rows-orders.ts'
import { settingRows } from './host-key-rows-settings.ts'

/** Contents of known_hosts for a host with an ED25519 key, and for one with an RSA key too. */
const contents = {
  nothing: () => [],
  'its ED25519 key': ({ name, ed }) => [`${name} ${ed}`],
  'another ED25519 key': ({ name, otherEd }) => [`${name} ${otherEd}`],
  'its RSA key': ({ name, rsa }) => [`${name} ${rsa}`],
  'an ECDSA key': ({ name, ecdsa }) => [`${name} ${ecdsa}`],
  'its ED25519 key after another': ({ name, ed, otherEd }) => [`${name} ${otherEd}`, `${name} ${ed}`],
  'its RSA key and another ED25519 key': ({ name, rsa, otherEd }) => [`${name} ${rsa}`, `${name} ${otherEd}`],
} satisfies Record<string, (words: Words) => string[]>

const strictnesses = {
  yes: { strict: 'yes' },
  'ask, yes': { strict: 'ask', answer: 'yes' },
  'accept-new': { strict: 'accept-new' },
  no: { strict: 'no' },
  'no, by key': { strict: 'no', login: 'key' },
  '--accept-new-host-key': { strict: 'no', accepts: true },
} as const satisfies Record<string, Partial<HostKeyRow>>

/** Each content of known_hosts, at each strictness, with each set of the host's keys. */
const crossed = Object.entries(contents).flatMap(([what, known]) =>
  Object.entries(strictnesses).flatMap(([how, strictness]) =>
    (['ed', 'edRsa'] as const).map((server): [string, HostKeyRow] => [
      `${server}, known_hosts has ${what}, ${how}`,
      { server, known, ...strictness },
    ]),
  ),
)

export const hostKeyRows: Readonly<Record<string, HostKeyRow>> = {
  ...Object.fromEntries(crossed),
  ...nameRows,
  ...markerRows,
  ...fileRows,
  ...lineRows,
  ...settingRows,
  ...orderRows,
  ...jumpRows,
}
