import { assignVariables } from './assign-variables.ts'
import { script } from './keep-alive.sh'
import { uploadedNamePrefix } from './upload-script.ts'

/** Interval between checks for running captures. */
const pauseSeconds = 5

/**
 * Returns the argv of a debug container's main process. It does nothing, and ends when no capture has run in the container for `idleSeconds`, so
 * nobody has to stop it. Captures are recognised by the capture id that the supervisor puts into their environment, which begins with
 * `captureIdPrefix`. In a pod that sees all processes of a node, it must not wait for other pods' captures.
 */
export function makeKeepAliveArgv(idleSeconds: number, captureIdPrefix: string): string[] {
  const values = { uploaded_name: uploadedNamePrefix.slice(0, -1), pause_seconds: pauseSeconds }
  return ['sh', '-c', assignVariables(values, script), 'kcap-keeper', String(idleSeconds), captureIdPrefix]
}
