import type { Via } from '../base/capture-request.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'
import type { OwnStream } from '../remote/supervisor-script.ts'

/** A way to run programs where a target's packets are. */
export interface Route {
  readonly via: Exclude<Via, 'auto'> | 'ssh'
  /** For people: `kube exec in container "api" (context shop@lab)`. */
  readonly description: string
  readonly start: StartRemoteProcess
  readonly ownStream: OwnStream
  close(): Promise<void>
}
