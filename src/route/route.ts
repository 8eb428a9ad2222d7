import type { RouteName } from '../base/capture-request.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'
import type { Sudo } from '../base/target.ts'
import type { OwnStream, RemoteNetwork } from '../remote/supervised-argv.ts'

/** Route to the place where a target's packets are; runs programs there. */
export interface Route {
  readonly via: RouteName
  /** Description for people: `kube exec in container "api" (context shop@lab)`. */
  readonly description: string
  readonly start: StartRemoteProcess
  /** Network whose packets are captured. */
  readonly network: RemoteNetwork
  readonly ownStream: OwnStream
  readonly sudo: Sudo
  /** Returns the next password that sudo may accept; undefined when none is left. Absent: there are no passwords. */
  readonly nextSudoPassword?: () => Promise<string | undefined>
  /** Starts later programs through another path to the shell. Returns whether a path was left to try; absent when there is only one. */
  readonly useOtherShell?: () => boolean
  /** Prefix of capture ids that something on the remote host looks for; undefined: nothing does. */
  readonly captureIdPrefix?: string
  close(): Promise<void>
}
