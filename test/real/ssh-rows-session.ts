import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import type { Refusal, TableRow } from './ssh-table-row.ts'
import type { PortName, TableSetting } from './ssh-table-setting.ts'

const both = (refusal: (setting: TableSetting) => Refusal) => (setting: TableSetting) => {
  const one = refusal(setting)
  return { auto: one, openssh: one }
}
const place = ({ ports }: TableSetting, port: PortName, user = 'root') => `ssh://${user}@target:${ports[port]}`

/** Rows on what a host does with a session, and on the routes to the host. */
export const wayRows: Readonly<Record<string, TableRow>> = {
  'ForceCommand that is no shell': {
    port: 'fixed',
    refused: both((setting) => ({
      code: 'not-a-capture',
      message: `cannot read packets of "${place(setting, 'fixed')}": it sent the text "This account may only look at the time: ${new Date().getFullYear()}"`,
      hints: [
        'something on the remote host prints before or instead of the capture: a shell profile, a wrapper around tcpdump, a banner, a command that the account is limited to',
        /^see what it prints: ssh -F \S+ -p \d+ root@target tcpdump --version$/,
      ],
    })),
  },
  'ForceCommand that says nothing, behind a banner of hostile words': {
    port: 'mute',
    refused(setting) {
      const limited =
        'the account may be limited to a command of its own, or to file transfer: --ssh-user USER names another'
      const refusal = (...hints: string[]): Refusal => ({
        code: 'no-shell',
        message: `cannot capture on "${place(setting, 'mute')}": the host did not run what kcap asked for`,
        hints: [limited, ...hints],
      })
      // In ssh's output the banner is indistinguishable; ssh itself has made it harmless (fmprintf).
      const last = 'An idle session is timed out; the connection is closed by the host. \\033[2J'
      return { auto: refusal(), openssh: refusal(`the last that came from there: ${last}`) }
    },
  },
  'ForceCommand that runs $SSH_ORIGINAL_COMMAND': { port: 'forced' },
  'PermitTTY no': { port: 'noTty' },
  'a banner of hostile words': { port: 'banner' },
  'a login refused behind that banner': {
    port: 'banner',
    config: ({ file }) => [`IdentityFile ${file('stranger1')}`, 'IdentitiesOnly yes'],
    refused: (setting) => ({
      auto: {
        code: 'ssh-login-refused',
        message: `cannot log in to "ssh://root@127.0.0.1:${setting.ports.banner}": the host refused every login`,
        hints: [
          `tried: ${setting.file('stranger1')}; the host takes: publickey,password,keyboard-interactive`,
          '--identity FILE names a key the host knows',
          'KCAP_SSH_PASSWORD gives the password',
        ],
      },
      openssh: {
        code: 'ssh-login-refused',
        message: `cannot log in to "ssh://root@127.0.0.1:${setting.ports.banner}": the host refused every login`,
        hints: ['the host takes: publickey,password,keyboard-interactive', /^ssh -v -F \S+ -p \d+ \w+@target$/],
      },
    }),
  },
  'an answer that takes 3 s': { port: 'slowRelay' },
  'three jump hosts': {
    port: 'plain',
    config: ({ ports }) => [
      'Host target',
      `ProxyJump root@127.0.0.1:${ports.banner},root@127.0.0.1:${ports.noTty},root@127.0.0.1:${ports.forced}`,
    ],
  },
  'three jump hosts by flag': {
    port: 'plain',
    argv: ({ ports }) => [
      '--jump-host',
      ['banner', 'noTty', 'forced'].map((name) => `root@127.0.0.1:${ports[name as 'banner']}`).join(','),
    ],
  },
  'a jump host that lets nobody through': {
    port: 'plain',
    argv: ({ ports }) => ['--jump-host', `root@127.0.0.1:${ports.noForward}`],
    refused: both((setting) => ({
      code: 'ssh-jump-failed',
      message: `cannot reach "ssh://root@127.0.0.1:${setting.ports.plain}" through its jump host: "ssh://root@127.0.0.1:${setting.ports.noForward}" does not let this user forward connections`,
      hints: [`ssh -J root@127.0.0.1:${setting.ports.noForward} -p ${setting.ports.plain} root@127.0.0.1`],
    })),
  },
  'a ProxyCommand of socat': { port: 'plain', config: () => ['ProxyCommand socat - TCP:%h:%p'] },
  IPv6: { port: 'plain', config: () => ['HostName ::1'] },
  'a connection that is open already': {
    port: 'master',
    config: (setting) => openMaster(setting),
    says: { auto: /is reached by the ssh program: a connection is open at \S+master/ },
    after({ sshds, file, ports }) {
      execFileSync('ssh', ['-S', file('master'), '-O', 'exit', 'x'], { stdio: 'ignore' })
      masters += 1
      // No other login than the master's own.
      const logins = sshds.main
        .readLog()
        .match(new RegExp(`Connection from \\S+ port \\d+ on 127\\.0\\.0\\.1 port ${ports.master}\\b`, 'g'))
      expect(logins).toHaveLength(masters)
    },
  },
  'sudo, the right password': {
    port: 'sudo',
    user: 'ordinary',
    argv: () => ['--sudo', 'sudo'],
    environment: ({ user }) => ({ KCAP_SUDO_PASSWORD: user.password }),
  },
  'sudo, a wrong password': {
    port: 'sudo',
    user: 'ordinary',
    argv: () => ['--sudo', 'sudo'],
    environment: () => ({ KCAP_SUDO_PASSWORD: 'wrong' }),
    refused: both((setting) => ({
      code: 'sudo-password',
      message: `cannot capture on "${place(setting, 'sudo', setting.user.name)}": sudo refused the password`,
      hints: sudoHints,
    })),
  },
  'sudo, its password typed': {
    port: 'sudo',
    user: 'ordinary',
    argv: () => ['--sudo', 'sudo'],
    typed: ({ user }) => [[/\[sudo\] password for/, user.password]],
  },
  'sudo that works at a terminal only': {
    port: 'sudo',
    user: 'terminal',
    argv: () => ['--sudo', 'sudo'],
    environment: ({ terminalUser }) => ({ KCAP_SUDO_PASSWORD: terminalUser.password }),
    refused: both((setting) => ({
      code: 'capture-not-permitted',
      message: `cannot capture on "${place(setting, 'sudo', setting.terminalUser.name)}": its sudo works at a terminal only`,
      hints: [
        'let it work without one; in a file made by visudo -f /etc/sudoers.d/kcap:',
        'Defaults:USER !requiretty',
        'or log in as root: --ssh-user root',
      ],
    })),
  },
  'sudo asked for, and a tcpdump that needs none': { port: 'plain', user: 'ordinary', argv: () => ['--sudo', 'sudo'] },
}

const sudoHints = [
  'KCAP_SUDO_PASSWORD gives it; on a terminal kcap asks for it',
  'let sudo start it without a password; in a file made by visudo -f /etc/sudoers.d/tcpdump:',
  'USER ALL=(root) NOPASSWD: /usr/bin/tcpdump, /usr/sbin/tcpdump',
  'or log in as root: --ssh-user root',
]

let masters = 0

/** ssh -f comes back when it is logged in. */
function openMaster({ file, ports }: TableSetting): string[] {
  const known = [`UserKnownHostsFile=${file('known_hosts')}`, 'GlobalKnownHostsFile=none']
  const words = ['-F', 'none', '-f', '-N', '-M', '-S', file('master'), '-i', file('id'), '-p', String(ports.master)]
  execFileSync('ssh', [...words, ...known.flatMap((word) => ['-o', word]), 'root@127.0.0.1'], { stdio: 'ignore' })
  return [`ControlPath ${file('master')}`]
}
