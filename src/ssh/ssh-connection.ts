import type { RemoteProcess } from '../base/remote-process.ts'
import type { ResolvedSshHost } from './ssh-host.ts'

/** Logged-in connection that can run several programs at once. */
export interface SshConnection {
  readonly host: ResolvedSshHost
  /** Returns whether the host has presented a wrong key that only `StrictHostKeyChecking no` let pass. No password may be sent to it. */
  isUnproven(): boolean
  /** Runs one command line, already quoted for the remote login shell. The signal aborts the start only. */
  startProcess(commandLine: string, signal: AbortSignal): Promise<RemoteProcess>
  /** Ends the connection and everything that runs over it. Settles when its socket is closed. */
  close(): Promise<void>
}
