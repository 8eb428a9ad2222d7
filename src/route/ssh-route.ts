import { quoteArgv } from '../base/quote.ts'
import type { SshTarget } from '../base/target.ts'
import { formatTarget } from '../base/target.ts'
import { type ConnectSshOptions, connectSsh } from '../ssh/connect-ssh.ts'
import type { Route } from './route.ts'

/** A host by SSH. Its own stream is left out of the capture, as its sshd tells the connection. */
export async function openSshRoute(target: SshTarget, options: ConnectSshOptions): Promise<Route> {
  const connection = await connectSsh(target.name, options)
  return {
    via: 'ssh',
    description: `SSH to ${formatTarget(target)}`,
    start: (argv, signal) => connection.startProcess(quoteArgv(argv), signal),
    ownStream: { kind: 'ssh' },
    close: () => connection.close(),
  }
}
