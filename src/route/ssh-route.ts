import { quoteArgv } from '../base/quote.ts'
import { formatTarget, type SshHostName, type Target } from '../base/target.ts'
import { connectSsh } from '../ssh/connect-ssh.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import { makeSudoPasswords } from '../ssh/sudo-passwords.ts'
import type { Route } from './route.ts'

/**
 * A host by SSH, which may be a node, or a pod's network on that host, which is the pod's node. kcap's own stream is left out where it passes, as sshd tells
 * the connection.
 */
export async function openSshRoute(target: Target, host: SshHostName, options: ConnectSshOptions): Promise<Route> {
  const connection = await connectSsh(host, options)
  const entersPod = target.kind === 'pod' && !target.hostNetwork
  const place = formatTarget({ kind: 'ssh', name: host })
  return {
    via: 'ssh',
    description: entersPod ? `the pod's network on its node by SSH to ${place}` : `SSH to ${place}`,
    start: (argv, signal) => connection.startProcess(quoteArgv(argv), signal),
    network: entersPod ? { kind: 'pod', uid: target.cgroupUid } : { kind: 'here' },
    ownStream: entersPod ? { kind: 'elsewhere' } : { kind: 'ssh' },
    sudo: host.sudo,
    nextSudoPassword: makeSudoPasswords(connection.host, options),
    close: () => connection.close(),
  }
}
