import type { StartRemoteProcess } from '../base/remote-process.ts'
import type { OwnStream } from '../remote/supervisor-script.ts'

/** A way to run programs where a target's packets are. */
export interface Route {
  /** `exec`, `ssh`: as `--via` names it. */
  readonly via: 'exec' | 'ssh'
  /** For people: `kube exec in container "api" (context shop@lab)`. */
  readonly description: string
  readonly start: StartRemoteProcess
  readonly ownStream: OwnStream
  close(): Promise<void>
}
