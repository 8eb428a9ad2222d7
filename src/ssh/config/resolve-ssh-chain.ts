import { KcapError } from '../../base/kcap-error.ts'
import type { SshHostName } from '../../base/target.ts'
import { jumpFailed } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { type ResolveSshHostOptions, resolveSshHost } from './resolve-ssh-host.ts'

/** Hosts to go through, in this order. The last is the host the user named. */
export type SshChain = readonly [ResolvedSshHost, ...ResolvedSshHost[]]

/** Maximum number of jump hosts. More means a loop: jump hosts in the config that go through each other. */
const mostJumps = 16

/**
 * Resolves a host and its jump hosts, each with its own settings from the user's ssh config. With several jump hosts, a ProxyJump or ProxyCommand in
 * the config counts only for the first one, as in `ssh -J` (readconf.c, parse_jump).
 * @throws {KcapError} usage, ssh-failed — as `resolveSshHost` and `parseJumpHost`
 * @throws {KcapError} ssh-jump-failed — when jump hosts go through each other
 */
export async function resolveSshChain(name: SshHostName, options: ResolveSshHostOptions): Promise<SshChain> {
  const chain: [ResolvedSshHost, ...ResolvedSshHost[]] = [await resolveSshHost(name, options)]
  const [host] = chain
  for (let { proxyJump } = host; proxyJump !== undefined; { proxyJump } = chain[0]) {
    if (chain.length > mostJumps)
      throw jumpFailed(host, `they lead through each other: ${proxyJump} comes again and again`, [
        '--jump-host [USER@]HOST[:PORT] names the one to use, --jump-host none goes there directly',
      ])
    const hops = proxyJump.split(',')
    const nearest = parseJumpHost(hops.pop() ?? '')
    const { sshConfigPath } = name
    const jump: SshHostName = {
      kind: 'ssh',
      sudo: 'none',
      ...nearest,
      ...(hops.length === 0 ? {} : { jumpHost: hops.join(',') }),
      ...(sshConfigPath === undefined ? {} : { sshConfigPath }),
    }
    chain.unshift(await resolveSshHost(jump, options))
  }
  return chain
}

/**
 * Parses a jump host like `ssh -J`: `[USER@]HOST[:PORT]` or `ssh://[USER@]HOST[:PORT]`. An IPv6 address with a port is in brackets.
 * @throws {KcapError} usage — when the text is no jump host
 */
export function parseJumpHost(text: string): Pick<SshHostName, 'host' | 'user' | 'port'> {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@]+)|([0-9a-f:.]+))(?::(\d{1,5}))?$/i.exec(text)
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
