import type { Clock } from '../base/clock.ts'
import type { WriteLog } from '../base/log.ts'
import type { AskConsent } from '../route/consent.ts'
import type { ReaderEvent } from '../share/reader-list.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import type { SessionProgress } from './session-progress.ts'

/** Caller of a capture, as far as the capture needs to know it. */
export interface SessionContext {
  /** Stops the capture as a user does: packets that the remote side still holds are written, and the promise settles after clean-up. */
  readonly signal: AbortSignal
  /** Whether a person sits at a terminal, so that credential plugins and ssh may prompt. */
  readonly interactive: boolean
  readonly askSecret?: ConnectSshOptions['askSecret']
  readonly askHostKey?: ConnectSshOptions['askHostKey']
  /** Asks whether kcap may create something in a cluster; absent: nothing is asked. */
  readonly askConsent?: AskConsent
  /** Called with the live figures once, before anything is captured. */
  readonly watch?: (progress: SessionProgress) => void
  /** Reports what happens to sources during the capture: pods that come, go, restart. */
  readonly tell: (event: string) => void
  /** Called with the link of a shared capture, which is a secret: it is neither told nor logged. */
  readonly onShare?: (link: string) => void
  /** Called when a reader of a shared capture joins or leaves. */
  readonly onReader?: (event: ReaderEvent) => void
  /** Logs the steps, for `--verbose` and log files. */
  readonly log: WriteLog
  /** Clock for pauses, outages and waits for pod events; default: the monotonic clock. */
  readonly clock?: Clock
}
