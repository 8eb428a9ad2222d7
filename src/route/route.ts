import type { RouteName } from '../base/capture-request.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'
import type { Sudo } from '../base/target.ts'
import type { OwnStream, RemoteNetwork } from '../remote/supervised-argv.ts'

/** A way to run programs where a target's packets are. */
export interface Route {
  readonly via: RouteName
  /** For people: `kube exec in container "api" (context shop@lab)`. */
  readonly description: string
  readonly start: StartRemoteProcess
  /** Whose packets are captured there. */
  readonly network: RemoteNetwork
  readonly ownStream: OwnStream
  readonly sudo: Sudo
  /** Returns one after the other what may be sudo's password; undefined: there is none left. Absent: there is none. */
  readonly nextSudoPassword?: () => Promise<string | undefined>
  /** Starts later programs through another path to the shell. Returns whether there was one left to try; absent when there is only one path. */
  readonly useOtherShell?: () => boolean
  /** Begins the ids of its captures, where something on the remote side looks for them; undefined: nothing does. */
  readonly captureIdPrefix?: string
  close(): Promise<void>
}
