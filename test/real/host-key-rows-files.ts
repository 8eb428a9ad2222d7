import { atEach, changed, ed, type HostKeyRow, known, otherType, type Rows, type Words } from './host-key-row.ts'

/** Several files of known hosts, files that are not there, and ends of lines. */
export const fileRows: Rows = {
  'only the global file knows the key': { ...ed, strict: 'yes', global: known },
  'only the global file knows another type': { ...ed, global: otherType },
  'the global file has another key than the user': { ...ed, known, global: changed },
  'the user has another key than the global file': { ...ed, known: changed, global: known },
  'the second of two files knows the key': {
    ...ed,
    config: ['UserKnownHostsFile FOLDER/known_hosts FOLDER/second'],
    files: (words) => ({ second: `${known(words)}\n` }),
  },
  'the second of two files knows another': {
    ...ed,
    config: ['UserKnownHostsFile FOLDER/known_hosts FOLDER/second'],
    files: (words) => ({ second: `${changed(words)}\n` }),
  },
  'a new key is added to the first of two files': {
    ...ed,
    config: ['UserKnownHostsFile FOLDER/known_hosts FOLDER/second'],
    known: ({ otherEd }) => [`web ${otherEd}`],
  },
  ...atEach('UserKnownHostsFile none', { config: ['UserKnownHostsFile none'] }),
  'UserKnownHostsFile none, ask, yes': { ...ed, strict: 'ask', answer: 'yes', config: ['UserKnownHostsFile none'] },
  'UserKnownHostsFile none, known globally': { ...ed, config: ['UserKnownHostsFile none'], global: known },
  'a file in a folder that is not there': { ...ed, config: ['UserKnownHostsFile FOLDER/none/known_hosts'] },
  'a file that is a folder': { ...ed, config: ['UserKnownHostsFile FOLDER'] },
  'UserKnownHostsFile /dev/null': { ...ed, config: ['UserKnownHostsFile /dev/null'] },
  'UpdateHostKeys yes': {
    ...ed,
    server: 'edRsa',
    known,
    config: ['UpdateHostKeys yes'],
    sshOptions: ['UpdateHostKeys=no'],
  },
  'lines that end in CR LF': { ...ed, strict: 'yes', known: (words) => `# comment\r\n\r\n${known(words)}\r\n` },
  'lines that end in CR LF, changed': { ...ed, known: ({ name, rsa }) => `${name} ${rsa} root@web\r\n` },
  'a CR LF comment, and nothing known': { ...ed, known: () => '# comment\r\n' },
}

const shortRsaKey =
  'AAAAB3NzaC1yc2EAAAADAQABAAAAQQCyE4sHT9HBNL6OTyJoiIsAfzkB+DipFCClASyGlXYoTpx4VbZsQC0D5kgvjLMbrttHRGZX4ZImkh8khu4Nipmd'
const securityKey =
  'AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIG8HTt55eSohoziybNT05EKo/x/2WjHEscqNj8fEmHKZAAAABHNzaDo='

/** Lines that ssh passes over, and some that it does not although they look so. */
const badLines: Record<string, (words: Words) => string> = {
  'a key cut short': ({ name, otherEd }) => `${name} ${otherEd.slice(0, -8)}`,
  'a key that lacks its last character': ({ name, rsa }) => `${name} ${rsa.slice(0, -1)}`,
  'a key with a byte too many': ({ name, otherEd }) => `${name} ${otherEd}AAAA`,
  'a key of another type than it says': ({ name, otherEd }) => `${name} ${otherEd.replace('ssh-ed25519', 'ssh-rsa')}`,
  'a key of an unknown type': ({ name }) => `${name} ssh-new AAAAB3NzaC1uZXcAAAAB`,
  'an ECDSA key that is no point of its curve': ({ name, ecdsa }) => `${name} ${ecdsa.slice(0, -12)}AAAAAAAAAAA=`,
  'an RSA key of 512 bits': ({ name }) => `${name} ${shortRsaKey}`,
  'an RSA key that is called rsa-sha2-256': ({ name, otherRsa }) =>
    `${name} ${otherRsa.replace('ssh-rsa', 'rsa-sha2-256')}`,
  'characters that are not base64': ({ name, otherEd }) => `${name} ${otherEd.replace(/.{4}$/, '!!!!')}`,
  'base64 of URLs': ({ name }) => `${name} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'_-'.repeat(21)}_`,
  'no key': ({ name }) => `${name} ssh-ed25519`,
  'a comment instead of a key': ({ name, otherEd }) => `${name} # ${otherEd}`,
  'a comment': ({ name, otherEd }) => `#${name} ${otherEd}`,
  'a comment after spaces': ({ name, otherEd }) => ` \t # ${name} ${otherEd}`,
  'spaces and tabs before and between': ({ name, otherEd }) => ` \t${name}\t  ${otherEd.replace(' ', '\t ')}\tcomment`,
  'other white space before': ({ name, otherEd }) => `\f${name} ${otherEd}`,
  'an unknown marker': ({ name, otherEd }) => `@future ${name} ${otherEd}`,
  'two markers': ({ name, ed }) => `@revoked @revoked ${name} ${ed}`,
  'a marker before a tab': ({ name, ed }) => `@revoked\t${name} ${ed}`,
  'a marker and only tabs': ({ name, ed }) => `@revoked\t${name}\t${ed.replace(' ', '\t')}`,
  'a marker in capitals': ({ name, ed }) => `@REVOKED ${name} ${ed}`,
  'a hash that is none': ({ otherEd }) => `|1|AAAA|BBBB ${otherEd}`,
  'a hash of another magic': ({ otherEd }) => `|2|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA= ${otherEd}`,
  'a NUL after the key': ({ name, otherEd }) => `${name} ${otherEd}\0 rubbish`,
  'binary rubbish': () => '\u0001\u0002 \u0003\u0004 \u007f',
  'a name in capitals': ({ otherEd }) => `[127.0.0.1]:* ${otherEd.toLowerCase()}`,
  'a key on a security key': ({ name }) => `${name} sk-ssh-ed25519@openssh.com ${securityKey}`,
}

export const lineRows: Rows = Object.fromEntries(
  Object.entries(badLines).map(([what, line]): [string, HostKeyRow] => [
    `a line with ${what}`,
    { ...ed, known: (words) => `${line(words)}\n` },
  ]),
)
