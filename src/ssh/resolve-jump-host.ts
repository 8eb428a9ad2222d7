import { KcapError } from '../base/kcap-error.ts'
import type { SshHostName } from '../base/target.ts'
import { type ResolvedSshHost, type ResolveSshHostOptions, resolveSshHost } from './resolve-ssh-host.ts'
import { jumpFailed, sshHostLabel } from './ssh-error.ts'

/** The host to go through, with its own settings from the user's ssh config; undefined when the way is direct. */
export async function resolveJumpHost(
  name: SshHostName,
  host: ResolvedSshHost,
  options: ResolveSshHostOptions,
): Promise<ResolvedSshHost | undefined> {
  const { proxyJump } = host
  if (proxyJump === undefined) {
    if (host.proxyCommand === undefined) return undefined
    throw new KcapError(
      'ssh-failed',
      `cannot reach "${sshHostLabel(host)}": its ssh config has a ProxyCommand, which kcap does not run`,
      {
        hints: ['--jump-host [USER@]HOST[:PORT] goes through another host', '--jump-host none goes there directly'],
      },
    )
  }
  const { sshConfigPath } = name
  const jumpName: SshHostName = {
    kind: 'ssh',
    sudo: 'none',
    ...parseJumpHost(firstHop(host, proxyJump)),
    ...(sshConfigPath === undefined ? {} : { sshConfigPath }),
  }
  const jump = await resolveSshHost(jumpName, options)
  if (jump.proxyJump !== undefined || jump.proxyCommand !== undefined) throw tooManyHops(host)
  return jump
}

function firstHop(host: ResolvedSshHost, proxyJump: string): string {
  const hops = proxyJump.split(',')
  if (hops.length > 1) throw tooManyHops(host)
  return proxyJump
}

function tooManyHops(host: ResolvedSshHost): KcapError {
  return jumpFailed(host, 'kcap goes through one jump host only', [
    '--jump-host [USER@]HOST[:PORT] names the one to use',
  ])
}

/** `[USER@]HOST[:PORT]` or `ssh://[USER@]HOST[:PORT]`, an IPv6 address with a port in brackets, as `ssh -J` takes it. */
export function parseJumpHost(text: string): Pick<SshHostName, 'host' | 'user' | 'port'> {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@]+)|([0-9a-f:.]+:[0-9a-f:.]*))(?::(\d{1,5}))?$/i.exec(
    text,
  )
  const [, user, bracketed, plain, address, portText] = match ?? []
  const host = bracketed ?? plain ?? address
  const port = portText === undefined ? undefined : Number(portText)
  if (host === undefined || (port !== undefined && (port < 1 || port > 65535))) {
    throw new KcapError('usage', `cannot read the jump host ${JSON.stringify(text)}: not [USER@]HOST[:PORT]`, {
      hints: ['--jump-host root@bastion:2222'],
    })
  }
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) }
}
