import type { WriteLog } from '../base/log.ts'
import type { AskHostKey } from './config/host-key-check.ts'
import type { AskSecret } from './secret-prompt.ts'
import type { SilenceLimits } from './ssh-host.ts'

export interface ConnectSshOptions {
  /** Signal that ends the connection, whether it is being opened or in use. */
  readonly signal: AbortSignal
  /** Asks for passphrases and passwords; if absent, nobody is asked. */
  readonly askSecret?: AskSecret | undefined
  /** Asks whether to trust unknown host keys; if absent, they are refused. */
  readonly askHostKey?: AskHostKey | undefined
  /** Earlier answers by question, so that a reconnect asks nothing twice. */
  readonly answers?: Map<string, string> | undefined
  readonly log?: WriteLog | undefined
  /** Reports to the user; if absent, the event is logged. */
  readonly tell?: ((event: string) => void) | undefined
  /** Whether to compress the connection if the ssh config says so; default true. */
  readonly mayCompress?: boolean | undefined
  readonly environment?: NodeJS.ProcessEnv | undefined
  readonly homeFolder?: string | undefined
  /** Limits to use instead of the host's. */
  readonly silence?: SilenceLimits | undefined
}

/** ConnectSshOptions with defaults filled in. */
export type SshContext = ConnectSshOptions & {
  readonly log: WriteLog
  readonly environment: NodeJS.ProcessEnv
  readonly homeFolder: string
}
