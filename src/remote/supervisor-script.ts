import { assignVariables } from './assign-variables.ts'
import { script } from './supervisor.sh'
import { uploadedNamePrefix } from './upload-script.ts'

/** Silence after which the remote side ends a capture, in seconds. */
const defaultSilenceSeconds = 20
/** Time that a stopped capture program has to deliver what it still holds, in seconds. */
const graceSeconds = 5

/**
 * Lines for the supervisor's standard input. Each is two bytes, so that `dd bs=1 count=2` or a plain `read` reads exactly one. (busybox's `head -c`
 * consumes more of a pipe than it outputs.) The supervisor answers each `heartbeat`, which shows that the remote side is alive. The answers also keep
 * proxies from cutting an idle connection. `release` acknowledges the program's end.
 */
export const supervisorWords = { heartbeat: 'h\n', stop: 'q\n', release: 'r\n' } as const

/** Prefix of the supervisor's own lines among the capture program's standard error. */
export const reportPrefix = 'kcap-report: '

/**
 * Returns the script that runs on the remote side in dash, bash or busybox ash and ensures that the capture program ends. Closing an exec channel does
 * not end it (https://github.com/kubernetes/kubernetes/issues/89031), and a cut without FIN never produces end of file. The script therefore watches
 * its standard input, and ends the program on `q`, on end of file and on silence. When the program has ended, for whatever reason, it reports that and
 * waits for `r`.
 */
export function makeSupervisorScript(silenceSeconds = defaultSilenceSeconds): string {
  return assignVariables(
    {
      report_prefix: reportPrefix,
      uploaded_prefix: uploadedNamePrefix,
      silence_seconds: silenceSeconds,
      grace_seconds: graceSeconds,
    },
    script,
  )
}
