import type { Clock } from '../base/clock.ts'
import type { WriteLog } from '../base/log.ts'
import type { AskConsent } from '../route/consent.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import type { SessionProgress } from './session-progress.ts'

/** Who asks for a capture, as far as the capture needs to know. */
export interface SessionContext {
  /** Stops the capture as a user does: what the remote side still holds is written, and the promise settles after clean-up. */
  readonly signal: AbortSignal
  /** Whether a person sits at a terminal, so that credential plugins and ssh may ask. */
  readonly interactive: boolean
  readonly askSecret?: ConnectSshOptions['askSecret']
  readonly askHostKey?: ConnectSshOptions['askHostKey']
  /** Whether something may be created in a cluster; absent: nothing is asked. */
  readonly askConsent?: AskConsent
  /** Called with the live figures once, before anything is captured. */
  readonly watch?: (progress: SessionProgress) => void
  /** What happens to sources while it runs: pods that come, go, restart. */
  readonly tell: (event: string) => void
  /** Writes the steps, for `--verbose` and log files. */
  readonly log: WriteLog
  /** Measures pauses, outages and waits for pod events; default: the monotonic clock. */
  readonly clock?: Clock
}
