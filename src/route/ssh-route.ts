import { linkSignals } from '../base/link-signals.ts'
import { formatTarget, type RoutedTarget, type SshHostName } from '../base/target.ts'
import { encodeForLoginShell, loginShellLine, loginShellMark, pathlessShellLine } from '../remote/login-shell.ts'
import { connectSsh } from '../ssh/connect-ssh.ts'
import type { SshConnection } from '../ssh/ssh-connection.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import { makeSudoPasswords } from '../ssh/sudo-passwords.ts'
import { enterPod } from './enter-pod.ts'
import type { Route } from './route.ts'

/**
 * Opens a route by SSH: to a host, which may be a node, or to a pod's network on the pod's node. Leaves out kcap's own stream where it passes, as
 * sshd describes the connection.
 * @throws {KcapError} pod-not-on-node — when nothing identifies the pod on its node
 * @throws {KcapError} ssh-* — when the connection or the login fails
 */
export async function openSshRoute(
  target: RoutedTarget,
  host: SshHostName,
  options: ConnectSshOptions,
  opening: AbortSignal,
): Promise<Route> {
  const entersPod = target.kind === 'pod' && !target.hostNetwork
  const network = entersPod ? enterPod(target) : ({ kind: 'here' } as const)
  const connection = await connectWhile(opening, host, options)
  const place = formatTarget({ kind: 'ssh', name: host })
  let shellLine = loginShellLine
  return {
    via: 'ssh',
    description: entersPod ? `the pod's network on its node by SSH to ${place}` : `SSH to ${place}`,
    async start(argv, signal) {
      const program = await connection.startProcess(shellLine, signal)
      program.stdin.write(encodeForLoginShell(argv, shellLine))
      return { ...program, outputMark: loginShellMark }
    },
    network,
    ownStream: entersPod ? { kind: 'elsewhere' } : { kind: 'ssh' },
    sudo: host.sudo,
    useOtherShell() {
      const isOther = shellLine !== pathlessShellLine
      shellLine = pathlessShellLine
      return isOther
    },
    nextSudoPassword: makeSudoPasswords(connection, options),
    close: () => connection.close(),
  }
}

/** Connects to the host. The signal of the options ends the connection at any time; `opening` ends it only before it is made. */
async function connectWhile(
  opening: AbortSignal,
  host: SshHostName,
  options: ConnectSshOptions,
): Promise<SshConnection> {
  const { signal: mayOpen, unlink: endOpening } = linkSignals(opening)
  const { signal, unlink } = linkSignals(options.signal, mayOpen)
  try {
    const connection = await connectSsh(host, { ...options, signal })
    const close = async () => {
      await connection.close()
      unlink()
    }
    return { ...connection, close }
  } catch (error) {
    unlink()
    throw error
  } finally {
    endOpening()
  }
}
