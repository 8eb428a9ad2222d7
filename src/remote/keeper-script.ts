/** So often it looks whether a capture runs. */
const pauseSeconds = 5

/**
 * The main process of a debug container: it does nothing, and ends when for `idleSeconds` no capture has run beside it, so that nothing
 * has to be told to it. Captures are known by the capture id that the supervisor puts into their environment, which begins with
 * `captureIdPrefix`; a pod that sees all processes of a node must not wait for those of others.
 */
export function makeKeeperArgv(idleSeconds: number, captureIdPrefix: string): string[] {
  return ['sh', '-c', script, 'kcap-keeper', String(idleSeconds), captureIdPrefix]
}

/** The first process of a container ignores SIGTERM unless it says otherwise, and its shell waits for a program in the foreground. */
const script = `
trap 'exit 0' TERM
idle=0
while [ $idle -lt "$1" ]; do
  sleep ${pauseSeconds} & wait $!
  if grep -qsF "KCAP_CAPTURE=$2" /proc/[0-9]*/environ; then idle=0; else idle=$((idle+${pauseSeconds})); fi
done
`
