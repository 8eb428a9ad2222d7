import { fileLine, type Hint } from '../base/hint.ts'
import { toKcapError } from '../base/kcap-error.ts'
import type { PodTarget, SshHostName } from '../base/target.ts'
import { runRemote } from '../capture/run-remote.ts'
import { makeProbeArgv, parseProbe } from '../remote/probe-script.ts'
import { openSshRoute } from '../route/ssh-route.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'

const captureTools = ['tcpdump', 'dumpcap', 'tshark']

/** Returns why a pod cannot be captured on its node by SSH, and the remedy; undefined if it can. */
export async function examineHost(
  target: PodTarget,
  host: SshHostName,
  ssh: ConnectSshOptions,
): Promise<{ readonly message: string; readonly lift: readonly Hint[] } | undefined> {
  try {
    const route = await openSshRoute(target, host, ssh, ssh.signal)
    try {
      const { stdout } = await runRemote(route.start, makeProbeArgv(), { signal: ssh.signal })
      const { programs, userId, maySudo } = parseProbe(stdout)
      if (!captureTools.some((tool) => programs.includes(tool)))
        return {
          message: `there is no tcpdump on ${host.host}`,
          lift: ['apt-get install tcpdump, dnf install tcpdump'],
        }
      if (userId === 0) return undefined
      if (!maySudo)
        return {
          message: `user ${userId ?? '?'} of ${host.host} is not root, and sudo does not start nsenter without a password`,
          lift: [
            '--ssh-user root, or in a file made by visudo -f /etc/sudoers.d/nsenter:',
            fileLine(`${host.user ?? 'USER'} ALL=(root) NOPASSWD: /usr/bin/nsenter`),
          ],
        }
      return host.sudo === 'none' ? { message: 'its user is not root', lift: ['--sudo sudo'] } : undefined
    } finally {
      await route.close()
    }
  } catch (error) {
    ssh.signal.throwIfAborted()
    const { message, remedies } = toKcapError(error)
    return { message, lift: remedies.slice(0, 2) }
  }
}
