import { beforeAll } from 'vitest'
import { makeTempFolder } from '../support/temp-folder.ts'
import { type ErrorRow, expectError } from './error-row.ts'
import { lab, realTest } from './lab.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

const on = (host: string, ...argv: string[]) => ['--ssh-config', lab.sshConfig, '--ssh-host', host, ...argv]
const fingerprint = 'SHA256:[A-Za-z0-9+/]{43}'
const vpn = 'check --ssh-host and --ssh-port, and whether you need --jump-host or a VPN'
const identity = '--identity FILE names a key the host knows'
const password = 'KCAP_SSH_PASSWORD gives the password'
const sudoHints = [
  'KCAP_SUDO_PASSWORD gives it; on a terminal kcap asks for it',
  'let sudo start it without a password; in a file made by visudo -f /etc/sudoers.d/tcpdump:',
  'USER ALL=(root) NOPASSWD: /usr/bin/tcpdump, /usr/sbin/tcpdump',
  'or log in as root: --ssh-user root',
]

const rows: Record<string, ErrorRow> = {
  'a host that accepts and says nothing': {
    argv: on('node', '--ssh-port', '16999'),
    message: 'cannot connect to "ssh://root@127.0.0.1:16999": no answer during the handshake',
    hints: [
      `ssh -F ${lab.sshConfig} -p 16999 root@node`,
      'a firewall may drop the packets; --jump-host [USER@]HOST goes through another host',
    ],
    exitCode: 4,
  },
  'a closed port': {
    argv: on('node', '--ssh-port', '1'),
    message: 'cannot reach "ssh://root@127.0.0.1:1": connection refused',
    hints: [`ssh -F ${lab.sshConfig} -p 1 root@node`, vpn],
    exitCode: 4,
  },
  'a name that nobody has': {
    argv: ['--ssh-host', 'nobody.invalid', '--ssh-user', 'root'],
    message: /^cannot reach "ssh:\/\/root@nobody\.invalid": (no such host name|its name cannot be looked up now)$/,
    hints: ['ssh root@nobody.invalid', vpn],
    exitCode: 4,
  },
  'an unknown host key': {
    argv: on('node-unknown'),
    message: new RegExp(`^cannot trust "ssh://root@127.0.0.1:2222": its ED25519 key ${fingerprint} is unknown$`),
    hints: [
      'compare this fingerprint with one from the host, then pass --accept-new-host-key, or add the key yourself:',
      `ssh-keyscan -p 2222 127.0.0.1 >> ${lab.sshFolder}/known_hosts.empty`,
    ],
    exitCode: 4,
  },
  'a changed host key': {
    argv: on('node-changed', '--accept-new-host-key'),
    message: new RegExp(
      `^cannot trust "ssh://root@127.0.0.1:2222": its ED25519 key is now ${fingerprint}, not ${fingerprint} as in ${lab.sshFolder}/known_hosts.changed line 1$`,
    ),
    hints: [
      'someone may be intercepting the connection, or the host was reinstalled: ask who runs it, and only then:',
      `ssh-keygen -f ${lab.sshFolder}/known_hosts.changed -R '[127.0.0.1]:2222'`,
    ],
    exitCode: 4,
  },
  'a key file that is missing': {
    argv: on('node', '--identity', '/nowhere/my key'),
    message: 'cannot read the ssh key "/nowhere/my key": no such file',
    hints: ["ls -l '/nowhere/my key'", '--identity FILE takes a private key file'],
    exitCode: 4,
  },
  'an encrypted key without its passphrase': {
    argv: on('node-enc'),
    message: `cannot log in to "ssh://root@127.0.0.1:2222": the key ${lab.sshFolder}/id_root_enc is encrypted`,
    hints: [
      `ssh-add ${lab.sshFolder}/id_root_enc`,
      'start an agent first where there is none: eval "$(ssh-agent)"',
      `tried: ${lab.sshFolder}/id_root_enc (encrypted); the host takes: publickey,password`,
    ],
    exitCode: 4,
  },
  'a key that the host does not know': {
    argv: on('node-stranger'),
    message: 'cannot log in to "ssh://root@127.0.0.1:2222": the host refused every login',
    hints: [`tried: ${lab.sshFolder}/id_stranger; the host takes: publickey,password`, identity, password],
    exitCode: 4,
  },
  'a wrong password': {
    argv: on('node-cap-pw'),
    environment: { KCAP_SSH_PASSWORD: 'wrong-secret' },
    message: 'cannot log in to "ssh://cap@127.0.0.1:2222": the host refused the password',
    hints: ['tried: password; the host takes: publickey,password', identity, password],
    exitCode: 4,
  },
  'a jump host that is down': {
    argv: on('node-via-jump', '--jump-host', 'jump:1'),
    message:
      'cannot reach "ssh://root@10.231.2.2" through its jump host: cannot reach "ssh://jump@127.0.0.1:1": connection refused',
    hints: [`ssh -F ${lab.sshConfig} -p 1 jump@jump`, vpn],
    exitCode: 4,
  },
  'a jump host that cannot reach the host': {
    argv: on('node-via-jump', '--jump-host', 'jump', '--ssh-port', '1'),
    message:
      'cannot reach "ssh://root@10.231.2.2:1" through its jump host: "ssh://jump@127.0.0.1:2223" cannot reach it (Connection refused)',
    hints: ['ssh -J jump@127.0.0.1:2223 -p 1 root@10.231.2.2'],
    exitCode: 4,
  },
  'sudo that wants a password': {
    argv: on('node-sudopw', '--sudo', 'sudo'),
    message: 'cannot capture on "ssh://node-sudopw": sudo wants a password',
    hints: sudoHints,
    exitCode: 5,
  },
  'a wrong password for sudo': {
    argv: on('node-sudopw', '--sudo', 'sudo'),
    environment: { KCAP_SUDO_PASSWORD: 'wrong-secret' },
    message: 'cannot capture on "ssh://node-sudopw": sudo refused the password',
    hints: sudoHints,
    exitCode: 5,
  },
  'sudo for a user who has none': {
    argv: on('node-nopriv', '--sudo', 'sudo'),
    message: 'cannot capture on "ssh://node-nopriv": sudo wants a password',
    hints: sudoHints,
    exitCode: 5,
  },
  'doas where there is none': {
    argv: on('node-nopriv', '--sudo', 'doas'),
    message: 'cannot capture on "ssh://node-nopriv": there is no "doas"',
    hints: ['log in as root: --ssh-user root', '--sudo sudo'],
    exitCode: 6,
  },
  'a user who may not capture': {
    argv: on('node-nopriv'),
    message: /^cannot capture on "ssh:\/\/node-nopriv": its user may not capture: any: You don't have permission/,
    hints: [
      '--sudo sudo',
      '--ssh-user root',
      'or give tcpdump the right on that host: setcap cap_net_raw,cap_net_admin+ep "$(command -v tcpdump)"',
    ],
    exitCode: 5,
  },
  'an interface that is not there': {
    argv: on('node', '-i', 'eth9'),
    message: 'cannot capture on "ssh://node": there is no interface "eth9"',
    hints: [/^interfaces there: .*\beth0, .*\blo\b/, '--iface any captures on all of them'],
    exitCode: 2,
  },
}

realTest.concurrent.each(Object.entries(rows))('%s', async (_what, row) => {
  await expectError(folder, row)
})
