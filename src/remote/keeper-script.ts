import { uploadedNamePrefix } from './upload-script.ts'

/** Interval between checks for running captures. */
const pauseSeconds = 5

/**
 * Returns the argv of a debug container's main process. It does nothing, and ends when no capture has run in the container for `idleSeconds`, so
 * nobody has to stop it. Captures are recognised by the capture id that the supervisor puts into their environment, which begins with
 * `captureIdPrefix`. In a pod that sees all processes of a node, it must not wait for other pods' captures.
 */
export function makeKeeperArgv(idleSeconds: number, captureIdPrefix: string): string[] {
  return ['sh', '-c', script, 'kcap-keeper', String(idleSeconds), captureIdPrefix]
}

/**
 * Script of the main process. The first process of a container ignores SIGTERM by default, and its shell waits for a program in the foreground. It
 * avoids grep: busybox's sees nothing after the first NUL, which separates the entries of an environment; `read` drops them. An upload is recognised
 * by its argv, in which the capture id follows `kcap-upload`; this script's own argv must not contain that word. When a read fails, bash keeps the
 * previous value in `line`, as for a process that has just ended, so the variable is cleared before each read.
 */
const script = `
trap 'exit 0' TERM
is_captured() {
  for folder in /proc/[0-9]*; do
    name=; read -r name <"$folder/comm"
    case $name in
      tcpdump | tshark | dumpcap | ${uploadedNamePrefix.slice(0, -1)}*) file=environ mark=KCAP_CAPTURE=$1 ;;
      sh | dash | bash | ash | busybox) file=cmdline mark="kcap-"upload$1 ;;
      *) continue ;;
    esac
    while line=; IFS= read -r line || [ -n "$line" ]; do
      case $line in *"$mark"*) return 0 ;; esac
    done <"$folder/$file"
  done
  return 1
} 2>/dev/null
idle=0
while [ $idle -lt "$1" ]; do
  sleep ${pauseSeconds} & wait $!
  if is_captured "$2"; then idle=0; else idle=$((idle+${pauseSeconds})); fi
done
`
