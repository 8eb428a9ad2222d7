import type { TableRow } from './ssh-table-row.ts'
import type { TableSetting } from './ssh-table-setting.ts'

const sshPassword = ({ user }: TableSetting) => ({ KCAP_SSH_PASSWORD: user.password })
const label = ({ ports }: TableSetting, port: keyof TableSetting['ports'], user = 'root') =>
  `ssh://${user}@127.0.0.1:${ports[port]}`
const identity = '--identity FILE names a key the host knows'
const password = 'KCAP_SSH_PASSWORD gives the password'
const verbose = /^ssh -v -F \S+ -p \d+ \w+@target$/

/** Authentication methods. */
export const loginRows: Readonly<Record<string, TableRow>> = {
  'only a password': { port: 'password', user: 'ordinary', environment: sshPassword },
  'only a password, a wrong one': {
    port: 'password',
    user: 'ordinary',
    environment: () => ({ KCAP_SSH_PASSWORD: 'wrong' }),
    refused: (setting) => ({
      auto: {
        code: 'ssh-login-refused',
        message: `cannot log in to "${label(setting, 'password', setting.user.name)}": the host refused the password`,
        hints: ['tried: password; the host takes: password', password],
      },
      openssh: {
        code: 'ssh-login-refused',
        message: `cannot log in to "${label(setting, 'password', setting.user.name)}": the host refused every login`,
        hints: ['the host takes: password', verbose],
      },
    }),
  },
  'only keyboard-interactive': { port: 'keyboard', user: 'ordinary', environment: sshPassword },
  'keyboard-interactive, typed': {
    port: 'keyboard',
    user: 'ordinary',
    typed: ({ user }) => [[/Password:/, user.password]],
  },
  'a key and then a password, and that of sudo': {
    port: 'both',
    user: 'ordinary',
    argv: () => ['--sudo', 'sudo'],
    environment: ({ user }) => ({ KCAP_SSH_PASSWORD: user.password, KCAP_SUDO_PASSWORD: user.password }),
  },
  'five keys in the agent, MaxAuthTries 2': {
    port: 'tries',
    config: async ({ startAgent }) => [
      `IdentityAgent ${await startAgent('stranger1', 'stranger2', 'stranger3', 'stranger4', 'id')}`,
      'IdentityFile none',
    ],
    refused: (setting) => ({
      auto: {
        code: 'ssh-login-refused',
        message: `cannot log in to "${label(setting, 'tries')}": the host gave up after too many keys`,
        hints: ['tried: agent (5 keys); the host takes: publickey', identity],
      },
      openssh: {
        code: 'ssh-login-refused',
        message: `cannot log in to "${label(setting, 'tries')}": the host gave up after too many keys`,
        hints: ['the host takes: not said', verbose],
      },
    }),
  },
  'the same with IdentitiesOnly and the key': {
    port: 'tries',
    config: async ({ startAgent, file }) => [
      `IdentityAgent ${await startAgent('stranger1', 'stranger2', 'stranger3', 'stranger4', 'id')}`,
      'IdentitiesOnly yes',
      `IdentityFile ${file('id')}`,
    ],
  },
  'one wrong key and the password, MaxAuthTries 2': {
    port: 'triesPassword',
    user: 'ordinary',
    config: ({ file }) => [`IdentityFile ${file('stranger1')}`, 'IdentitiesOnly yes'],
    environment: sshPassword,
  },
  'an encrypted key, nobody there': {
    port: 'tries',
    config: ({ file }) => [`IdentityFile ${file('locked')}`, 'IdentitiesOnly yes'],
    refused: (setting) => ({
      auto: {
        code: 'ssh-key-encrypted',
        message: `cannot log in to "${label(setting, 'tries')}": the key ${setting.file('locked')} is encrypted`,
        hints: [
          `ssh-add ${setting.file('locked')}`,
          'start an agent first where there is none: eval "$(ssh-agent)"',
          `tried: ${setting.file('locked')} (encrypted); the host takes: publickey`,
        ],
      },
      openssh: {
        code: 'ssh-key-encrypted',
        message: `cannot log in to "${label(setting, 'tries')}": the key ${setting.file('locked')} is encrypted`,
        hints: [
          `ssh-add ${setting.file('locked')}`,
          'start an agent first where there is none: eval "$(ssh-agent)"',
          'the host takes: publickey',
          verbose,
        ],
      },
    }),
  },
  'an encrypted key, its passphrase typed once': {
    port: 'tries',
    config: ({ file }) => [`IdentityFile ${file('locked')}`, 'IdentitiesOnly yes'],
    typed: ({ passphrase }) => [[/Enter passphrase for key/, passphrase]],
  },
  'a certificate beside the key': {
    port: 'certificate',
    clients: ['auto', 'ssh2', 'openssh'],
    config: ({ file }) => [`IdentityFile ${file('certified')}`, 'IdentitiesOnly yes'],
    says: { auto: /is reached by the ssh program: \S+certified-cert\.pub is a certificate/ },
    refused: (setting) => ({
      ssh2: {
        code: 'ssh-login-refused',
        message: `cannot log in to "${label(setting, 'certificate')}": the host refused every login`,
        hints: [/^tried: \S+certified; the host takes: publickey$/, identity],
      },
    }),
  },
  'a certificate by CertificateFile': {
    port: 'certificate',
    config: ({ file }) => [
      `IdentityFile ${file('elsewhere/key')}`,
      `CertificateFile ${file('elsewhere/certificate.pub')}`,
    ],
    says: { auto: /is reached by the ssh program: \S+certificate\.pub is a certificate/ },
  },
}
