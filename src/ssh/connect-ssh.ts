import { homedir } from 'node:os'
import type { SshHostName } from '../base/target.ts'
import { connectBySsh2 } from './connect-ssh2.ts'
import type { AskHostKey } from './host-key-check.ts'
import { resolveSshChain } from './resolve-ssh-chain.ts'
import type { AskSecret } from './secret-prompt.ts'
import type { SshConnection } from './ssh-connection.ts'
import type { SilenceLimits } from './watch-silence.ts'

export interface ConnectSshOptions {
  /** Ends the connection, whether it is being made or in use. */
  readonly signal: AbortSignal
  /** For passphrases and passwords; absent: nothing is asked. */
  readonly askSecret?: AskSecret | undefined
  /** For the keys of unknown hosts; absent: they are refused. */
  readonly askHostKey?: AskHostKey | undefined
  readonly log?: ((line: string) => void) | undefined
  readonly environment?: NodeJS.ProcessEnv | undefined
  readonly homeFolder?: string | undefined
  /** Instead of those of the host. */
  readonly silence?: SilenceLimits | undefined
}

export type SshContext = ConnectSshOptions & {
  readonly log: (line: string) => void
  readonly environment: NodeJS.ProcessEnv
  readonly homeFolder: string
}

/** Connects and logs in to a host, through its jump hosts if it has some. Rejects with a KcapError, or with the signal's reason. */
export async function connectSsh(name: SshHostName, options: ConnectSshOptions): Promise<SshConnection> {
  const context: SshContext = {
    ...options,
    log: options.log ?? (() => {}),
    environment: options.environment ?? process.env,
    homeFolder: options.homeFolder ?? homedir(),
  }
  const chain = await resolveSshChain(name, context)
  return await connectBySsh2(name, chain, context)
}
