import {
  atEach,
  changed,
  ed,
  type HostKeyRow,
  handedOver,
  type Known,
  known,
  otherType,
  type Rows,
  type Words,
} from './host-key-row.ts'

/** Settings of the ssh config for host keys. */
export const settingRows: Rows = {
  ...atEach('a key in RevokedHostKeys', { known, config: ['RevokedHostKeys KEYS/ed.pub'] }),
  'a key in RevokedHostKeys, --accept-new-host-key': { ...ed, accepts: true, config: ['RevokedHostKeys KEYS/ed.pub'] },
  'another key in RevokedHostKeys': { ...ed, known, config: ['RevokedHostKeys KEYS/otherEd.pub'] },
  'another key in RevokedHostKeys, unknown': { ...ed, config: ['RevokedHostKeys KEYS/otherEd.pub'] },
  'another key in RevokedHostKeys, changed': { ...ed, known: changed, config: ['RevokedHostKeys KEYS/otherEd.pub'] },
  'RevokedHostKeys none': { ...ed, known, config: ['RevokedHostKeys none'] },
  ...revoking('that is not there', undefined),
  ...revoking('that is empty', () => ''),
  ...revoking('with comments', ({ ed }) => `# comment\n\n \t\n ${ed} root@web\n`),
  ...revoking('with comments, without the key', ({ otherEd }) => `# comment\n\n \t# ${otherEd}\n${otherEd}\n`),
  ...revoking('with rubbish', ({ otherEd }) => `${otherEd}\nrubbish\n`),
  ...revoking('with rubbish after the key', ({ ed }) => `${ed}\nrubbish\n`),
  ...revoking('with a line of known_hosts', ({ name, ed }) => `${name} ${ed}\n`),
  ...revoking('that ends in CR LF', ({ ed }) => `${ed}\r\n`),
  ...revoking('with an empty line that ends in CR LF', ({ otherEd }) => `\r\n${otherEd}\r\n`),
  ...revoking(
    'with a short RSA key',
    () =>
      `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQCyE4sHT9HBNL6OTyJoiIsAfzkB+DipFCClASyGlXYoTpx4VbZsQC0D5kgvjLMbrttHRGZX4ZImkh8khu4Nipmd\n`,
  ),
  'a key revocation list with the key': {
    ...ed,
    known,
    config: ['RevokedHostKeys KEYS/revoking-ed.krl'],
    ...handedOver,
  },
  'a key revocation list with the key, no, by key': {
    ...ed,
    strict: 'no',
    login: 'key',
    known,
    config: ['RevokedHostKeys KEYS/revoking-ed.krl'],
    ...handedOver,
  },
  'a key revocation list without the key': {
    ...ed,
    known,
    config: ['RevokedHostKeys KEYS/revoking-other.krl'],
    ...handedOver,
  },
  'a key revocation list without the key, unknown': {
    ...ed,
    accepts: true,
    config: ['RevokedHostKeys KEYS/revoking-other.krl'],
    ...handedOver,
  },
  'a KnownHostsCommand that knows the key': { ...ed, strict: 'yes', ...knownBy(known) },
  'a KnownHostsCommand that knows another': { ...ed, ...knownBy(changed) },
  'a KnownHostsCommand that knows another type': { ...ed, ...knownBy(otherType) },
  'a KnownHostsCommand that revokes the key': { ...ed, known, ...knownBy(({ ed }) => [`@revoked * ${ed}`]) },
  'a KnownHostsCommand that knows nothing': { ...ed, ...knownBy(() => []) },
  'a KnownHostsCommand that knows nothing, --accept-new-host-key': {
    ...ed,
    strict: 'yes',
    accepts: true,
    ...knownBy(() => []),
  },
  'a KnownHostsCommand that fails': { ...ed, known, config: ['KnownHostsCommand /bin/false'], ...handedOver },
  'VerifyHostKeyDNS yes': { ...ed, known, config: ['VerifyHostKeyDNS yes'], ...handedOver },
  'VerifyHostKeyDNS ask, unknown': { ...ed, config: ['VerifyHostKeyDNS ask'], ...handedOver },
  NoHostAuthenticationForLocalhost: { ...ed, known: changed, config: ['NoHostAuthenticationForLocalhost yes'] },
  'NoHostAuthenticationForLocalhost and nothing known': {
    ...ed,
    strict: 'yes',
    config: ['NoHostAuthenticationForLocalhost yes'],
  },
  'NoHostAuthenticationForLocalhost and HostKeyAlias': {
    ...ed,
    known: ({ otherEd }) => [`farm ${otherEd}`],
    config: ['NoHostAuthenticationForLocalhost yes', 'HostKeyAlias farm'],
  },
  'NoHostAuthenticationForLocalhost and RevokedHostKeys': {
    ...ed,
    config: ['NoHostAuthenticationForLocalhost yes', 'RevokedHostKeys KEYS/ed.pub'],
  },
  'NoHostAuthenticationForLocalhost and ProxyCommand': {
    ...ed,
    known: changed,
    config: ['NoHostAuthenticationForLocalhost yes', 'ProxyCommand socat - TCP:%h:%p'],
  },
  'CheckHostIP yes on loopback': { ...ed, config: ['CheckHostIP yes'] },
  'RequiredRSASize of more bits': { ...ed, server: 'rsa', known: otherType, config: ['RequiredRSASize 3072'] },
  'RequiredRSASize of as many bits': { ...ed, server: 'rsa', known: otherType, config: ['RequiredRSASize 2048'] },
  'RequiredRSASize for an ED25519 key': { ...ed, known, config: ['RequiredRSASize 8192'] },
  'ask, no': { ...ed, strict: 'ask', answer: 'no' },
  'ask and nobody': { ...ed, strict: 'ask' },
  'ask, BatchMode': { ...ed, strict: 'ask', answer: 'yes', login: 'key', config: ['BatchMode yes'] },
  'accept-new, BatchMode': { ...ed, login: 'key', config: ['BatchMode yes'] },
  'yes, BatchMode, --accept-new-host-key': {
    ...ed,
    strict: 'yes',
    accepts: true,
    login: 'key',
    config: ['BatchMode yes'],
  },
  'yes, changed, --accept-new-host-key': { ...ed, strict: 'yes', accepts: true, known: changed },
  'yes, other type, --accept-new-host-key': { ...ed, strict: 'yes', accepts: true, known: otherType },
  'changed, no, PreferredAuthentications password': {
    ...ed,
    strict: 'no',
    known: changed,
    config: ['PreferredAuthentications password'],
  },
  'changed, no, ExitOnForwardFailure': {
    ...ed,
    strict: 'no',
    login: 'key',
    answer: 'yes',
    known: changed,
    config: ['ExitOnForwardFailure yes'],
  },
}

function revoking(what: string, content: ((words: Words) => string) | undefined): Rows {
  const files = content === undefined ? {} : { files: (words: Words) => ({ revoked: content(words) }) }
  return { [`a RevokedHostKeys file ${what}`]: { ...ed, known, config: ['RevokedHostKeys FOLDER/revoked'], ...files } }
}

function knownBy(lines: Known): Partial<HostKeyRow> {
  return {
    ...handedOver,
    config: ['KnownHostsCommand /bin/cat FOLDER/answer'],
    files: (words) => ({
      answer: lines(words)
        .map((line) => `${line}\n`)
        .join(''),
    }),
  }
}
