import type { SshHostName } from '../base/target.ts'
import { findAccount } from '../host/account.ts'
import { hasProgram } from '../host/find-program.ts'
import { resolveSshChain } from './config/resolve-ssh-chain.ts'
import { findOpensshReason, findReasonInFailure } from './needs-openssh.ts'
import { connectByOpenssh } from './openssh/connect-openssh.ts'
import type { SshConnection } from './ssh-connection.ts'
import type { ConnectSshOptions, SshContext } from './ssh-context.ts'
import { connectBySsh2 } from './ssh2/connect-ssh2.ts'

/**
 * Connects to a host, through its jump hosts if any. Uses ssh2, or the system's ssh for what ssh2 cannot do, and reports that choice. Rejects with
 * the signal's reason when aborted.
 * @throws {KcapError} usage, ssh-* — when a name or the ssh config is invalid, or connecting or logging in fails
 */
export async function connectSsh(name: SshHostName, options: ConnectSshOptions): Promise<SshConnection> {
  const { log = () => {}, tell = log } = options
  const context: SshContext = {
    ...options,
    log,
    environment: options.environment ?? process.env,
    // ssh itself ignores HOME.
    homeFolder: options.homeFolder ?? findAccount().homeFolder,
  }
  const chain = await resolveSshChain(name, context)
  const { client = 'auto' } = name
  if (client === 'ssh2') return await connectBySsh2(name, chain, context)
  if (client === 'openssh') return await connectByOpenssh(name, chain, context)
  const hasOpenssh = await hasProgram('ssh', context.environment)
  const reason = hasOpenssh ? await findOpensshReason(name, chain, context) : undefined
  if (reason !== undefined) return await takeOpenssh(reason)
  try {
    return await connectBySsh2(name, chain, context)
  } catch (error) {
    const lack = hasOpenssh ? findReasonInFailure(error) : undefined
    if (lack === undefined) throw error
    return await takeOpenssh(lack)
  }

  async function takeOpenssh(why: string): Promise<SshConnection> {
    tell(`"${name.host}" is reached by the ssh program: ${why}`)
    return await connectByOpenssh(name, chain, context)
  }
}
