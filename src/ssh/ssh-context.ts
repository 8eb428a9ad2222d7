import type { WriteLog } from '../base/log.ts'
import type { AskHostKey } from './host-key-check.ts'
import type { SilenceLimits } from './resolve-ssh-host.ts'
import type { AskSecret } from './secret-prompt.ts'

export interface ConnectSshOptions {
  /** Ends the connection, whether it is being made or in use. */
  readonly signal: AbortSignal
  /** For passphrases and passwords; absent: nothing is asked. */
  readonly askSecret?: AskSecret | undefined
  /** For the keys of unknown hosts; absent: they are refused. */
  readonly askHostKey?: AskHostKey | undefined
  /** What was answered before, by question: a connection that is made again asks nothing twice. */
  readonly answers?: Map<string, string> | undefined
  readonly log?: WriteLog | undefined
  /** Reports to the user; absent: the event is logged. */
  readonly tell?: ((event: string) => void) | undefined
  /** Whether the connection is compressed where the ssh config says so; absent: yes. */
  readonly mayCompress?: boolean | undefined
  readonly environment?: NodeJS.ProcessEnv | undefined
  readonly homeFolder?: string | undefined
  /** Instead of those of the host. */
  readonly silence?: SilenceLimits | undefined
}

/** The same with what is taken where nothing is given. */
export type SshContext = ConnectSshOptions & {
  readonly log: WriteLog
  readonly environment: NodeJS.ProcessEnv
  readonly homeFolder: string
}
