import { atEach, changed, ed, handedOver, known, otherType, type Rows } from './host-key-row.ts'

/** Rows on the hosts that a line matches. */
export const nameRows: Rows = {
  'a hashed name': { ...ed, known, isHashed: true },
  'a hashed name, changed': { ...ed, known: otherType, isHashed: true },
  'a hashed name of another host': { ...ed, known: ({ otherEd }) => [`[127.0.0.2]:22 ${otherEd}`], isHashed: true },
  'a key added under a hashed name': { ...ed, config: ['HashKnownHosts yes'] },
  'the name without the port': { ...ed, known: ({ plain, ed }) => [`${plain} ${ed}`] },
  'the name without the port, yes': { ...ed, strict: 'yes', known: ({ plain, ed }) => [`${plain} ${ed}`] },
  'the name without the port, hashed': { ...ed, known: ({ plain, ed }) => [`${plain} ${ed}`], isHashed: true },
  ...atEach('another key without the port', { known: ({ plain, otherEd }) => [`${plain} ${otherEd}`] }),
  'a key of another type without the port': { ...ed, known: ({ plain, rsa }) => [`${plain} ${rsa}`] },
  'a known type without the port is not asked for': {
    ...ed,
    server: 'edRsa',
    known: ({ plain, rsa }) => [`${plain} ${rsa}`],
  },
  'the key without the port, another with it': {
    ...ed,
    known: ({ name, plain, ed, otherEd }) => [`${plain} ${ed}`, `${name} ${otherEd}`],
  },
  'the key with the port, another without it': {
    ...ed,
    known: ({ name, plain, ed, otherEd }) => [`${plain} ${otherEd}`, `${name} ${ed}`],
  },
  'a wildcard': { ...ed, known: ({ ed }) => [`[127.0.?.*]:* ${ed}`] },
  'a wildcard that knows another type': { ...ed, known: ({ rsa }) => [`* ${rsa}`] },
  'a wildcard without the port': { ...ed, known: ({ ed }) => [`127.* ${ed}`] },
  'a negated name': { ...ed, known: ({ name, otherEd }) => [`*,!${name} ${otherEd}`] },
  'a negated name before what it is taken from': { ...ed, known: ({ name, otherEd }) => [`!${name},* ${otherEd}`] },
  'both names negated': { ...ed, known: ({ name, plain, ed }) => [`*,!${name},!${plain} ${ed}`] },
  'one of several names': { ...ed, known: ({ name, ed }) => [`web,${name},10.0.0.1 ${ed}`] },
  'a pattern that is too long': { ...ed, known: ({ name, ed }) => [`${name},${'a'.repeat(1023)} ${ed}`] },
  'a pattern that is as long as may be': { ...ed, known: ({ name, ed }) => [`${name},${'a'.repeat(1022)} ${ed}`] },
  HostKeyAlias: { ...ed, config: ['HostKeyAlias farm'], known: ({ ed }) => [`farm ${ed}`] },
  'HostKeyAlias in capitals': {
    ...ed,
    config: ['HostKeyAlias Farm'],
    known: ({ ed }) => [`farm ${ed}`],
    isHashed: true,
  },
  'HostKeyAlias, changed': { ...ed, config: ['HostKeyAlias farm'], known: ({ rsa }) => [`farm ${rsa}`] },
  'HostKeyAlias, and only the address is known': { ...ed, config: ['HostKeyAlias farm'], known: changed },
  'HostKeyAlias in capitals, added': { ...ed, config: ['HostKeyAlias Farm'] },
}

/** Markers of known_hosts lines, and certificates of hosts. */
export const markerRows: Rows = {
  ...atEach('a revoked key that is known', { known: ({ name, ed }) => [`${name} ${ed}`, `@revoked * ${ed}`] }),
  ...atEach('a revoked key of a new host', { known: ({ name, ed }) => [`@revoked ${name} ${ed}`] }),
  'another revoked key': { ...ed, known: ({ otherEd }) => [`@revoked * ${otherEd}`] },
  'a key revoked for another host': { ...ed, known: ({ ed }) => [`@revoked web ${ed}`] },
  'a key that is revoked in the global file': { ...ed, known, global: ({ ed }) => [`@revoked * ${ed}`] },
  ...atEach('a key revoked without the port', { known: ({ plain, ed }) => [`@revoked ${plain} ${ed}`] }),
  'a key revoked without the port, ask, yes': {
    ...ed,
    strict: 'ask',
    answer: 'yes',
    known: ({ plain, ed }) => [`@revoked ${plain} ${ed}`],
  },
  'a revoked type is not asked for': {
    ...ed,
    server: 'edRsa',
    known: ({ name, rsa, ed }) => [`${name} ${rsa}`, `@revoked * ${rsa}`, `${name} ${ed}`],
  },
  ...atEach('a certificate', {
    server: 'certified',
    known: ({ name, authority }) => [`@cert-authority ${name} ${authority}`],
    ...handedOver,
  }),
  'a certificate, known without the port': {
    ...ed,
    server: 'certified',
    known: ({ plain, authority }) => [`@cert-authority ${plain} ${authority}`],
    ...handedOver,
  },
  'a certificate of another authority': {
    ...ed,
    server: 'certified',
    known: ({ otherEd }) => [`@cert-authority * ${otherEd}`],
    ...handedOver,
  },
  'a certificate, and another plain key': {
    ...ed,
    server: 'certified',
    known: ({ name, authority, otherEd }) => [`@cert-authority * ${authority}`, `${name} ${otherEd}`],
    ...handedOver,
  },
  'a certificate whose authority is revoked': {
    ...ed,
    server: 'certified',
    known: ({ authority }) => [`@cert-authority * ${authority}`, `@revoked * ${authority}`],
    ...handedOver,
  },
  'a host without a certificate, known by an authority': {
    ...ed,
    known: ({ authority }) => [`@cert-authority * ${authority}`],
  },
  'an authority whose key the host shows': { ...ed, known: ({ ed }) => [`@cert-authority * ${ed}`] },
  'a certified host of which nothing is known': { ...ed, server: 'certified' },
  'a certified host, known by its plain key': {
    ...ed,
    server: 'certified',
    known: ({ name, certified }) => [`${name} ${certified}`],
  },
}
